import { parentPort } from 'node:worker_threads';
import { playBatch, type Batch } from './batch.ts';

parentPort?.on('message', (batch: Batch) => {
  void playBatch(batch).then((figures) => parentPort?.postMessage(figures));
});
