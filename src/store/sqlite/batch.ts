import type { Database } from 'better-sqlite3';
import type { Operations } from './operations.ts';

export type Method = keyof Operations;

/** One call to the store as it travels to the worker. */
export interface Call {
  readonly method: Method;
  readonly args: readonly unknown[];
}

export type Outcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/**
 * Runs calls in order in one transaction with one commit. One that throws takes back what it did itself, and no more.
 * When the transaction as a whole fails (no room on the disk, say), each call gets one of its own, so that each is
 * answered for itself.
 */
export function runBatch(db: Database, operations: Operations, calls: readonly Call[]): readonly Outcome[] {
  try {
    return inTransaction(db, () => calls.map((call) => runOne(db, operations, call)));
  } catch (error) {
    if (calls.length === 1) return [{ ok: false, error }];
    return calls.flatMap((call) => runBatch(db, operations, [call]));
  }
}

function inTransaction<Result>(db: Database, run: () => Result): Result {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = run();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** @throws when the error has ended the whole transaction */
function runOne(db: Database, operations: Operations, call: Call): Outcome {
  db.exec('SAVEPOINT call');
  try {
    const run = operations[call.method] as (...args: readonly unknown[]) => unknown;
    const value = run(...call.args);
    db.exec('RELEASE call');
    return { ok: true, value };
  } catch (error) {
    if (!db.inTransaction) throw error;
    db.exec('ROLLBACK TO call');
    db.exec('RELEASE call');
    return { ok: false, error };
  }
}
