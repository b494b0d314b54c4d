import { labelOf, type Revision } from '../../core/release.ts';
import { after, milliseconds, type Instant } from '../../core/time.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import { readyOf } from '../routing.ts';
import type { EffectHandler } from './scope.ts';

const LOOK_EVERY = milliseconds(200);

/**
 * Sees to it that `count` instances of the revision run and are healthy. One that ends by itself ends the wait: it would
 * end again.
 */
export const start: EffectHandler<'start'> = async (effect, { world, lane, deployment, signal }) => {
  const { revision, count, key } = effect;
  const { system } = world;
  const target = await world.target(revision.runtime.target.type);
  const begun = system.now();
  const over = after(begun, deployment.plan.health.startTimeout);
  await target.start({ key, lane, deployment: deployment.id, revision, count });
  while (!signal.aborted) {
    const instances = await target.observe(lane);
    const ready = readyOf(instances, revision.digest).length;
    if (ready >= count) return { ok: true, ready };
    const crashed = instances.find((instance) => hasCrashed(instance, revision, begun));
    if (crashed !== undefined) return failed(`${crashed.id} ${crashed.detail}`, instances, revision);
    if (system.now() >= over)
      return failed(
        `${ready} of ${count} instances of ${labelOf(revision)} became healthy`,
        instances,
        revision,
      );
    await system.sleep(LOOK_EVERY, signal);
  }
  throw signal.reason;
};

const hasCrashed = (instance: ObservedInstance, revision: Revision, since: Instant): boolean =>
  instance.revision === revision.digest &&
  instance.exit !== null &&
  !instance.stopping &&
  instance.exit.at >= since;

function failed(what: string, instances: readonly ObservedInstance[], revision: Revision) {
  const mine = instances.filter((instance) => instance.revision === revision.digest);
  const unready = mine
    .filter((instance) => instance.health !== 'healthy')
    .map(({ id, detail }) => `${id} ${detail}`);
  const reason = unready.length === 0 || unready.includes(what) ? what : `${what}: ${unready.join('; ')}`;
  return { ok: false as const, reason, evidence: { instances: unready } };
}
