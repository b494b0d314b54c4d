import type { Database } from 'better-sqlite3';
import { operationsOf, type Operations } from '../../../src/store/sqlite/operations.ts';
import { newDatabase } from './database.ts';

export type Method = keyof Operations;
export type Args<M extends Method> = Parameters<Operations[M]>;

/** One call that the disk has kept. */
export type Commit = {
  readonly [M in Method]: {
    readonly method: M;
    readonly args: Args<M>;
    readonly value: ReturnType<Operations[M]>;
    /** Who called. */
    readonly by: string;
  };
}[Method];

/** Runs one operation on the database, inside a transaction. */
export type Run = (method: Method, args: readonly unknown[]) => unknown;

export type OnCommit = (commit: Commit) => void;

/** Calls that change nothing. */
const READS: ReadonlySet<Method> = new Set<Method>([
  'loadLane',
  'lanes',
  'deployment',
  'deployments',
  'events',
  'series',
  'deliveries',
  'auditEntries',
  'setting',
  'nextDue',
]);

export const isRead = (method: Method): boolean => READS.has(method);

/**
 * The store's real operations on a database in memory: what has committed is kept whoever dies, and what has not is
 * gone. All replicas share it.
 */
export class SimStore {
  readonly db: Database = newDatabase();
  readonly #run: Run;
  readonly #onCommit: OnCommit;
  readonly #onDefect: (method: Method, error: unknown) => void;
  readonly #begin = this.db.prepare('BEGIN');
  readonly #commit = this.db.prepare('COMMIT');

  /**
   * @param onDefect an operation has thrown: it never may, since what the disk refuses does not begin
   * @param broken puts a planted bug between the callers and the operations
   */
  constructor(
    onCommit: OnCommit,
    onDefect: (method: Method, error: unknown) => void,
    broken: (run: Run, db: Database) => Run = (run) => run,
  ) {
    this.#onDefect = onDefect;
    const operations = operationsOf(this.db);
    const run: Run = (method, args) =>
      (operations[method] as (...all: readonly unknown[]) => unknown)(...args);
    this.#run = broken(run, this.db);
    this.#onCommit = onCommit;
  }

  /** Does the call in a transaction of its own. */
  perform<M extends Method>(by: string, method: M, args: Args<M>): ReturnType<Operations[M]> {
    if (isRead(method)) return this.#run(method, args) as ReturnType<Operations[M]>;
    this.#begin.run();
    let value: unknown;
    try {
      value = this.#run(method, args);
    } catch (error) {
      this.#onDefect(method, error);
      throw error;
    } finally {
      this.#commit.run();
    }
    this.#onCommit({ method, args, value, by } as unknown as Commit);
    return value as ReturnType<Operations[M]>;
  }

  close(): void {
    this.db.close();
  }
}
