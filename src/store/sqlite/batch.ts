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

/** @returns an answer to each call, in their order */
export type RunBatch = (calls: readonly Call[]) => readonly Outcome[];

/**
 * Runs calls in order in one transaction with one commit. One that throws takes back what it did itself, and no more.
 * When the transaction as a whole fails (no room on the disk, say), each call gets one of its own, so that each is
 * answered for itself.
 */
export function batchRunner(db: Database, operations: Operations): RunBatch {
  const runOne = callRunner(db, operations);
  const runBatch: RunBatch = (calls) => {
    try {
      return inTransaction(db, () => calls.map(runOne));
    } catch (error) {
      if (calls.length === 1) return [{ ok: false, error }];
      return calls.flatMap((call) => runBatch([call]));
    }
  };
  return runBatch;
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

/** Runs one call within a transaction. It throws what has ended the whole transaction. */
function callRunner(db: Database, operations: Operations): (call: Call) => Outcome {
  const begin = db.prepare('SAVEPOINT call');
  const keep = db.prepare('RELEASE call');
  const takeBack = db.prepare('ROLLBACK TO call');
  return (call) => {
    begin.run();
    try {
      const run = operations[call.method] as (...args: readonly unknown[]) => unknown;
      const value = run(...call.args);
      keep.run();
      return { ok: true, value };
    } catch (error) {
      if (!db.inTransaction) throw error;
      takeBack.run();
      keep.run();
      return { ok: false, error };
    }
  };
}
