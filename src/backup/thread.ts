import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SpillwayError, messageOf } from '../core/errors.ts';
import type { BackupRequest } from './create.ts';
import type { Manifest } from './manifest.ts';
import type { FromBackupWorker } from './worker.ts';

/** The worker runs from the same kind of file as this one: .ts in a checkout, .js in a package. */
const WORKER = new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/**
 * Makes a backup as `createBackup` does, on a thread of its own: a server has better to do than to compress.
 * @param signal ends it in the middle
 * @throws SpillwayError as `createBackup`; `unavailable` when it was ended
 */
export async function createBackupAside(
  request: BackupRequest,
  signal: AbortSignal,
): Promise<Omit<Manifest, 'parts'>> {
  const worker = new Worker(WORKER, { workerData: request });
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const answered = once(worker, 'message') as Promise<[FromBackupWorker]>;
    const ended = once(worker, 'exit').then(() => undefined);
    const [answer] = (await Promise.race([answered, ended])) ?? [];
    if (answer === undefined)
      throw new SpillwayError('unavailable', 'the backup was ended before it was done');
    if (answer.ok) return answer.value;
    const { code, message, where, hint } = answer.error;
    if (code === null) throw new Error(`the backup failed: ${message}`);
    throw new SpillwayError(code, message, { ...(where && { where }), ...(hint && { hint }) });
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    throw new Error(messageOf(error), { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
