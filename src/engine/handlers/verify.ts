import { labelOf } from '../../core/release.ts';
import { readyOf } from '../routing.ts';
import type { EffectHandler } from './scope.ts';

/** So many looks in a row must find every instance healthy. */
const GOOD_LOOKS = 3;

/** Whether what now carries all of the traffic stays healthy, looked at as often as its health plan says. */
export const verify: EffectHandler<'verify'> = async ({ revision }, { world, lane, deployment, signal }) => {
  const { interval, consecutiveFailures } = deployment.plan.health;
  const needed = revision.runtime.instances;
  const target = await world.target(revision.runtime.target.type);
  let good = 0;
  let bad = 0;
  for (;;) {
    const instances = await target.observe(lane);
    const ready = readyOf(instances, revision.digest).length;
    good = ready >= needed ? good + 1 : 0;
    bad = ready >= needed ? 0 : bad + 1;
    if (good >= GOOD_LOOKS) return { ok: true };
    if (bad >= consecutiveFailures) {
      const sick = instances.filter((one) => one.revision === revision.digest && one.health !== 'healthy');
      const details = sick.map(({ id, detail }) => `${id} ${detail}`);
      const reason = [`${ready} of ${needed} instances of ${labelOf(revision)} are healthy`, ...details].join(
        '; ',
      );
      return { ok: false, reason, evidence: { instances: details } };
    }
    await world.system.sleep(interval, signal);
    signal.throwIfAborted();
  }
};
