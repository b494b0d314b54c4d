import { after, seconds } from '../../core/time.ts';
import { NONE } from '../../core/weights.ts';
import { baselineShare } from '../baseline.ts';
import { route } from './route.ts';
import type { EffectHandler } from './scope.ts';

/** So long an arm may lack instances (one is just being started again) before the shift has failed. */
const PATIENCE = seconds(5);
const LOOK_EVERY = seconds(1);

/** Splits the traffic and reads back that it is split. */
export const shift: EffectHandler<'shift'> = async (effect, scope) => {
  const { system } = scope.world;
  const { stable, canary } = effect;
  const split = { stable, canary, baseline: baselineShare(scope.deployment, canary?.weight ?? NONE) };
  const over = after(system.now(), PATIENCE);
  for (;;) {
    const lacking = await route(split, scope);
    if (lacking === null) return { ok: true };
    if (system.now() >= over) return { ok: false, reason: lacking.lack };
    await system.sleep(LOOK_EVERY, scope.signal);
    scope.signal.throwIfAborted();
  }
};
