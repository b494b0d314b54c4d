import { stepsWithin } from '../risk-plan.ts';
import type { EffectHandler } from './scope.ts';

/** Lays the revision's files out where it will run, and chooses the rollout's steps where a risk budget asks for it. */
export const prepare: EffectHandler<'prepare'> = async ({ revision }, scope) => {
  const { world, lane, deployment } = scope;
  const source = await world.applications.source(lane.application);
  const { folder } = await source.artifact(revision.release.artifact);
  const target = await world.target(revision.runtime.target.type);
  await target.prepare(lane, revision, folder);
  const planned = stepsWithin(deployment, scope.presentTraffic());
  return { ok: true, ...(planned === undefined ? {} : { planned }) };
};
