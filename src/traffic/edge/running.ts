import { SpillwayError } from '../../core/errors.ts';
import { askEdge } from '../../edge/client.ts';
import type { WireStatus } from '../../edge/wire.ts';
import type { StartEdge } from './start.ts';

const READY_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 25;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function answers(dir: string): Promise<boolean> {
  try {
    await askEdge<WireStatus>(dir, { method: 'GET', path: '/status' });
    return true;
  } catch (error) {
    if (error instanceof SpillwayError && error.code === 'unavailable') return false;
    throw error;
  }
}

/**
 * Adopts the edge that holds `dir`, or starts one, and returns when it answers.
 * @throws SpillwayError `unavailable` when it does not answer in time
 */
export async function run(dir: string, startEdge: StartEdge): Promise<void> {
  if (await answers(dir)) return;
  await startEdge(dir);
  const until = performance.now() + READY_WITHIN_MS;
  while (!(await answers(dir))) {
    if (performance.now() > until) {
      throw new SpillwayError(
        'unavailable',
        `the edge was started and did not answer in ${READY_WITHIN_MS} ms`,
        {
          where: dir,
          hint: 'Its log in this folder says why.',
        },
      );
    }
    await wait(LOOK_EVERY_MS);
  }
}
