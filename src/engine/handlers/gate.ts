import { SpillwayError } from '../../core/errors.ts';
import type { EffectHandler } from './scope.ts';

/** Has one gate of the plan run on the release that was built. */
export const gate: EffectHandler<'gate'> = async (effect, { world, lane, deployment, signal }) => {
  const planned = deployment.plan.gates.find((one) => one.name === effect.gate);
  const release = deployment.revision?.release;
  if (planned === undefined || release === undefined)
    throw new SpillwayError('not_found', `${deployment.id} has no gate ${effect.gate} to run on a release`);
  const source = await world.applications.source(lane.application);
  const { folder } = await source.artifact(release.artifact);
  const runner = await world.gate(planned.run.type);
  const outcome = await runner.run(planned, {
    key: effect.key,
    lane,
    deployment: deployment.id,
    release,
    artifact: folder,
    ref: deployment.request.ref,
    signal,
  });
  return { ok: true, outcome };
};
