import { parentPort, workerData } from 'node:worker_threads';
import { SpillwayError, messageOf, type ErrorCode } from '../core/errors.ts';
import { createBackup, type BackupRequest } from './create.ts';
import type { Manifest } from './manifest.ts';

/** An error in a form that survives the way between threads. `code` null = a defect, not a refusal. */
interface SentError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
}

/** What the thread tells at its end; the list of parts is not needed there. */
export type FromBackupWorker =
  | { readonly ok: true; readonly value: Omit<Manifest, 'parts'> }
  | { readonly ok: false; readonly error: SentError };

function sent(error: unknown): SentError {
  if (!(error instanceof SpillwayError))
    return { code: null, message: messageOf(error), where: undefined, hint: undefined };
  const { code, message, where, hint } = error;
  return { code, message, where, hint };
}

const answer = await createBackup(workerData as BackupRequest).then(
  ({ parts: _parts, ...value }): FromBackupWorker => ({ ok: true, value }),
  (error: unknown): FromBackupWorker => ({ ok: false, error: sent(error) }),
);
parentPort?.postMessage(answer);
