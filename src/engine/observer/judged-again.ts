import type { Deployment } from '../../core/deployment.ts';
import type { Instant } from '../../core/time.ts';
import type { SeriesRow } from '../../ports/store.ts';
import type { LiveStatus } from '../control-plane.ts';
import { rolloutOf } from './expected.ts';
import { judgedRows, replayInTurns } from './tape.ts';
import { Watch } from './watch.ts';

/**
 * What the replica that looks at a rollout sees in it, from what it has recorded: the same judge on the same rows.
 * @returns undefined where nothing is judged (any more)
 */
export async function judgedAgain(
  deployment: Deployment,
  rows: readonly SeriesRow[],
  now: Instant,
): Promise<LiveStatus | undefined> {
  const rollout = rolloutOf(deployment);
  if (rollout === undefined) return undefined;
  const watch = new Watch(deployment, []);
  await replayInTurns(watch, judgedRows(deployment, rows));
  watch.assess(deployment, rollout, now);
  return watch.live();
}
