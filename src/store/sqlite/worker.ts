import { parentPort, workerData } from 'node:worker_threads';
import { SpillwayError, messageOf } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { batchRunner } from './batch.ts';
import type { Call } from './batch.ts';
import { databasePath, openDatabase } from './database.ts';
import { storeError } from './errors.ts';
import { operationsOf } from './operations.ts';
import { Reserve } from './reserve.ts';
import { sparing } from './sparing.ts';
import { emptyLargeLog } from './wal.ts';

/** An error in a form that survives the way between threads. `code` null = a defect, not a refusal. */
export interface SentError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

export type SentOutcome =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: SentError };

export interface WorkerData {
  readonly dir: string;
}

/** To the worker: a batch, or the wish to close. From it: first whether it could open, then an answer to each. */
export type ToWorker = readonly Call[] | 'close';
export type FromWorker = readonly SentOutcome[];

const LOG_LOOK_MS = 10_000;

function sent(error: unknown, path: string): SentError {
  const known = storeError(error, path);
  if (known instanceof SpillwayError)
    return { code: known.code, message: known.message, where: known.where, hint: known.hint };
  return { code: null, message: messageOf(known), where: path, hint: undefined };
}

function serve(dir: string): void {
  const path = databasePath(dir);
  const answer = (outcomes: FromWorker) => parentPort?.postMessage(outcomes);
  try {
    const db = openDatabase(dir);
    const operations = operationsOf(db);
    const runBatch = sparing(batchRunner(db, operations), db, new Reserve(dir));
    db.transaction(() => operations.releaseAll()).immediate();
    const looking = setInterval(() => emptyLargeLog(db, path), LOG_LOOK_MS);
    parentPort?.on('message', (message: ToWorker) => {
      if (message === 'close') {
        clearInterval(looking);
        db.close();
        parentPort?.close();
        return answer([]);
      }
      const outcomes = runBatch(message);
      answer(outcomes.map((one) => (one.ok ? one : { ok: false, error: sent(one.error, path) })));
    });
    answer([{ ok: true, value: undefined }]);
  } catch (error) {
    answer([{ ok: false, error: sent(error, path) }]);
  }
}

serve((workerData as WorkerData).dir);
