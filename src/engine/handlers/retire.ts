import { isActive, type Deployment } from '../../core/deployment.ts';
import { SpillwayError } from '../../core/errors.ts';
import { routeOf } from '../../core/ids.ts';
import { activeOf, type Lane } from '../../core/lane.ts';
import type { Revision } from '../../core/release.ts';
import { milliseconds, seconds, type Duration } from '../../core/time.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import { observeFleet } from '../fleet.ts';
import { expectedOf } from '../observer/expected.ts';
import { revisionsOf } from '../routing.ts';
import { route } from './route.ts';
import type { EffectHandler, EffectOf, Scope } from './scope.ts';

/** Requests under way get this long to end. */
const DRAIN_LIMIT = seconds(30);
/** Between SIGTERM and SIGKILL, where the target's settings say no `stop_timeout` (milliseconds). */
const STOP_GRACE = seconds(10);

/**
 * Takes the traffic from everything but the split's revisions, waits for its requests, and ends it: in this order. One that
 * comes late, when a successor rolls out already, leaves the traffic and all that the successor needs alone.
 */
export const retire: EffectHandler<'retire'> = async (split, scope) => {
  const { world, lane, deployment, signal } = scope;
  const { lane: now } = await world.store.loadLane(lane);
  const lacking = isLate(split, now, deployment) ? null : await route(split, scope);
  if (lacking !== null) throw new SpillwayError('unavailable', lacking.lack);

  const staying = [...revisionsOf(split), ...inUse(now)];
  const stays = new Set(staying.map((revision) => revision.digest));
  const { baseline } = expectedOf(now);
  const kept = [...stays, ...waysBack(now, deployment)];
  const { targets } = await observeFleet(world, lane, [...staying, ...leaving(scope)]);
  const traffic = await world.traffic(deployment.plan.runtime.traffic.type);
  for (const { target, instances } of targets) {
    signal.throwIfAborted();
    const stay = ({ role, revision }: ObservedInstance) =>
      role === 'baseline' ? baseline !== 0 : stays.has(revision);
    const going = instances.filter((one) => one.alive && !stay(one)).map(({ id }) => id);
    if (going.length > 0) {
      await traffic.drain(routeOf(lane), going, DRAIN_LIMIT);
      signal.throwIfAborted();
      await target.stop(lane, going, stopGrace(deployment));
    }
    await target.remove(lane, kept);
  }
  return { ok: true };
};

/** Whether the lane has moved on: another deployment rolls out or back, or something else carries the traffic by now. */
function isLate({ stable, canary }: EffectOf<'retire'>, now: Lane, deployment: Deployment): boolean {
  const active = activeOf(now);
  const carrier = canary?.revision ?? stable;
  const moved = now.environment.serving?.digest !== carrier?.digest;
  return moved || (active !== undefined && active.id !== deployment.id);
}

/** What carries the traffic, what is to carry it, and the ways back. */
const inUse = ({ environment, deployments }: Lane): readonly Revision[] =>
  [
    environment.serving,
    ...deployments
      .filter(({ status }) => isActive(status.state) || status.state === 'monitoring')
      .flatMap(({ status, revision, previous }) =>
        status.state === 'rolling_back' ? [status.rollback.to] : [revision, previous],
      ),
  ].filter((one) => one !== null);

function stopGrace({ plan }: Deployment): Duration {
  const { stop_timeout: configured } = plan.runtime.target.settings;
  return typeof configured === 'number' ? milliseconds(configured) : STOP_GRACE;
}

/** Whose targets may have something to end. */
const leaving = ({ deployment: { revision, previous } }: Scope): readonly Revision[] =>
  [revision, previous].filter((one) => one !== null);

/** What a rollback may have to start again is not deleted. */
const waysBack = ({ environment: { serving, fallback } }: Lane, { previous }: Deployment) =>
  [serving, fallback, previous].flatMap((one) => (one === null ? [] : [one.digest]));
