import { identify } from '../revision.ts';
import { secretVersions } from '../secrets.ts';
import type { EffectHandler } from './scope.ts';

/** Makes the artifact, or finds it made, and with it the revision that runs in this environment. */
export const build: EffectHandler<'build'> = async (effect, { world, lane, deployment, signal }) => {
  const { request, plan } = deployment;
  const { application } = lane;
  const source = await world.applications.source(application);
  const artifact = await source.build(effect.key, application, request.commit, plan.artifact, signal);
  const version = request.version ?? (await source.resolve(request.commit)).version;
  const revision = identify({
    release: { application, version, commit: request.commit, artifact: artifact.digest },
    runtime: plan.runtime,
    secrets: secretVersions(world.secrets, plan.runtime),
  });
  return { ok: true, revision };
};
