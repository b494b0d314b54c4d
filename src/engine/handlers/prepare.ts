import type { EffectHandler } from './scope.ts';

/** Lays the revision's files out where it will run. */
export const prepare: EffectHandler<'prepare'> = async ({ revision }, { world, lane }) => {
  const source = await world.applications.source(lane.application);
  const { folder } = await source.artifact(revision.release.artifact);
  const target = await world.target(revision.runtime.target.type);
  await target.prepare(lane, revision, folder);
  return { ok: true };
};
