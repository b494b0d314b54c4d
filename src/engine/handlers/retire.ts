import { SpillwayError } from '../../core/errors.ts';
import { routeOf } from '../../core/ids.ts';
import type { Revision } from '../../core/release.ts';
import { seconds } from '../../core/time.ts';
import { observeFleet } from '../fleet.ts';
import { revisionsOf } from '../routing.ts';
import { route } from './route.ts';
import type { EffectHandler, Scope } from './scope.ts';

/** Requests under way get this long to end. */
const DRAIN_LIMIT = seconds(30);
/** Between SIGTERM and SIGKILL. */
const STOP_GRACE = seconds(10);

/** Takes the traffic from everything but the split's revisions, waits for its requests, and ends it: in this order. */
export const retire: EffectHandler<'retire'> = async (split, scope) => {
  const { world, lane, deployment, signal } = scope;
  const lacking = await route(split, scope);
  if (lacking !== null) throw new SpillwayError('unavailable', lacking.lack);

  const staying = revisionsOf(split);
  const stays = new Set(staying.map((revision) => revision.digest));
  const kept = [...stays, ...(await waysBack(scope))];
  const { targets } = await observeFleet(world, lane, [...staying, ...leaving(scope)]);
  const traffic = await world.traffic(deployment.plan.runtime.traffic.type);
  for (const { target, instances } of targets) {
    signal.throwIfAborted();
    const going = instances.filter((one) => one.alive && !stays.has(one.revision)).map(({ id }) => id);
    if (going.length > 0) {
      await traffic.drain(routeOf(lane), going, DRAIN_LIMIT);
      signal.throwIfAborted();
      await target.stop(lane, going, STOP_GRACE);
    }
    await target.remove(lane, kept);
  }
  return { ok: true };
};

/** Whose targets may have something to end. */
const leaving = ({ deployment: { revision, previous } }: Scope): readonly Revision[] =>
  [revision, previous].filter((one) => one !== null);

/** What a rollback may have to start again is not deleted. */
async function waysBack({ world, lane, deployment }: Scope) {
  const { serving, fallback } = (await world.store.loadLane(lane)).lane.environment;
  return [serving, fallback, deployment.previous].flatMap((one) => (one === null ? [] : [one.digest]));
}
