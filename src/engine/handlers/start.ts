import type { Deployment } from '../../core/deployment.ts';
import { effectKey } from '../../core/ids.ts';
import { stepsOf } from '../../core/planner.ts';
import { labelOf } from '../../core/release.ts';
import { after, milliseconds, type Instant } from '../../core/time.ts';
import type { ObservedInstance, StartRequest } from '../../ports/target.ts';
import { baselineRuns } from '../baseline.ts';
import { observeFleet } from '../fleet.ts';
import { launch } from '../launch.ts';
import { readyOf } from '../routing.ts';
import type { EffectHandler } from './scope.ts';

const LOOK_EVERY = milliseconds(200);

/**
 * Sees to it that `count` instances of the revision run and are healthy, and as many of a fresh baseline where it is compared with one.
 * An instance that ends by itself ends the wait: it would end again.
 */
export const start: EffectHandler<'start'> = async (effect, { world, lane, deployment, signal }) => {
  const { system } = world;
  const begun = system.now();
  const over = after(begun, deployment.plan.health.startTimeout);
  const mine: StartRequest = { ...effect, lane, deployment: deployment.id };
  const requests = [mine, ...baselineOf(mine, deployment)];
  await Promise.all(requests.map((request) => launch(world, request)));
  while (!signal.aborted) {
    const { instances } = await observeFleet(
      world,
      lane,
      requests.map(({ revision }) => revision),
    );
    const lacking = requests.find((request) => readyIn(instances, request) < request.count);
    if (lacking === undefined) return { ok: true, ready: readyIn(instances, mine) };
    for (const request of requests) {
      const crashed = ofRequest(instances, request).find((instance) => hasCrashed(instance, begun));
      if (crashed !== undefined) return failed(`${crashed.id} ${crashed.detail}`, instances, request);
    }
    if (system.now() >= over) return failed(shortOf(instances, lacking), instances, lacking);
    await system.sleep(LOOK_EVERY, signal);
  }
  throw signal.reason;
};

/** As many instances of the stable version as the step has of the new one. */
function baselineOf(mine: StartRequest, deployment: Deployment): readonly StartRequest[] {
  const { status, previous, revision } = deployment;
  if (status.state !== 'deploying' || previous === null || mine.revision.digest !== revision?.digest)
    return [];
  const step = stepsOf(deployment)[status.rollout.step];
  if (step === undefined || !baselineRuns(deployment, step.weight)) return [];
  return [{ ...mine, key: effectKey(`${mine.key}/baseline`), revision: previous, role: 'baseline' }];
}

const ofRequest = (instances: readonly ObservedInstance[], { revision, role = 'serving' }: StartRequest) =>
  instances.filter((instance) => instance.revision === revision.digest && instance.role === role);

const readyIn = (instances: readonly ObservedInstance[], { revision, role }: StartRequest): number =>
  readyOf(instances, revision.digest, role).length;

const hasCrashed = ({ exit, stopping }: ObservedInstance, since: Instant): boolean =>
  exit !== null && !stopping && exit.at >= since;

const shortOf = (instances: readonly ObservedInstance[], request: StartRequest): string =>
  `${readyIn(instances, request)} of ${request.count} ${nameOf(request)} became healthy`;

const nameOf = ({ revision, role }: StartRequest): string =>
  `${role === 'baseline' ? 'fresh instances of the stable version' : 'instances of'} ${labelOf(revision)}`;

function failed(what: string, instances: readonly ObservedInstance[], request: StartRequest) {
  const unready = ofRequest(instances, request)
    .filter((instance) => instance.health !== 'healthy')
    .map(({ id, detail }) => `${id} ${detail}`);
  const reason = unready.length === 0 || unready.includes(what) ? what : `${what}: ${unready.join('; ')}`;
  return { ok: false as const, reason, evidence: { instances: unready } };
}
