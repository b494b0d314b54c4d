import { after, elapsed, seconds, type Instant } from '../../core/time.ts';
import type { PresentTraffic } from '../../judge/index.ts';
import { hasRiskBudget, stepsWithin } from '../risk-plan.ts';
import type { EffectHandler, Scope } from './scope.ts';

/** So long a server that has just started waits for the traffic to be known: it looks at a minute of it. */
const PATIENCE = seconds(90);
const LOOK_EVERY = seconds(1);

/** Lays the revision's files out where it will run, and chooses the rollout's steps where a risk budget asks for it. */
export const prepare: EffectHandler<'prepare'> = async ({ revision, deadline }, scope) => {
  const { world, lane, deployment } = scope;
  const source = await world.applications.source(lane.application);
  const { folder } = await source.artifact(revision.release.artifact);
  const target = await world.target(revision.runtime.target.type);
  await target.prepare(lane, revision, folder);
  if (!hasRiskBudget(deployment)) return { ok: true };
  const planned = stepsWithin(deployment, await knownTraffic(scope, deadline));
  return { ok: true, ...(planned === undefined ? {} : { planned }) };
};

/** The present traffic; null where it is not known when half of the time is over, or sooner. */
async function knownTraffic(scope: Scope, deadline: Instant): Promise<PresentTraffic | null> {
  const { system } = scope.world;
  const begun = system.now();
  const over = Math.min(after(begun, PATIENCE), begun + elapsed(begun, deadline) / 2);
  for (;;) {
    const traffic = scope.presentTraffic();
    if (traffic !== null || system.now() >= over) return traffic;
    await system.sleep(LOOK_EVERY, scope.signal);
    scope.signal.throwIfAborted();
  }
}
