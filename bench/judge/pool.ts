import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Part, PartDone } from './worker.ts';

const PROGRAM = join(import.meta.dirname, 'worker.ts');

/**
 * Has the parts computed by processes of their own, each as soon as one is free.
 * @param until no part is begun after this time (epoch ms); those under way are finished
 * @param take gets each part that is done
 * @throws when a process ends early
 */
export async function computeAll(
  parts: readonly Part[],
  workers: number,
  until: number,
  take: (done: PartDone) => void,
): Promise<void> {
  const left = [...parts];
  const work = async () => {
    const child = fork(PROGRAM, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const failed = once(child, 'exit').then(() => {
      throw new Error('a simulating process ended early');
    });
    failed.catch(() => {});
    for (let part = left.shift(); part !== undefined && Date.now() < until; part = left.shift()) {
      const answer = once(child, 'message');
      child.send(part);
      const [done] = (await Promise.race([answer, failed])) as [PartDone];
      take(done);
    }
    child.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(workers, parts.length) }, work));
}
