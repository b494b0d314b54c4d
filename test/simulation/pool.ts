import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Batch } from './batch.ts';
import type { Figures } from './figures.ts';

const WORKER = new URL('./worker.ts', import.meta.url);

/**
 * Plays batches on so many threads, each batch on whichever is free.
 * @param onDone told of each batch in the order in which they end; what it returns says whether to go on
 */
export async function playAll(
  batches: readonly Batch[],
  threads: number,
  onDone: (figures: Figures, batch: Batch) => boolean,
): Promise<void> {
  const waiting = [...batches];
  const serve = async (): Promise<void> => {
    const worker = new Worker(WORKER);
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
      const answer = once(worker, 'message') as Promise<[Figures]>;
      worker.postMessage(batch);
      const [figures] = await answer;
      if (!onDone(figures, batch)) waiting.length = 0;
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(threads, batches.length) }, serve));
}
