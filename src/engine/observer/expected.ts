import type { Deployment, Rollout } from '../../core/deployment.ts';
import { activeOf, soakingOf, type Lane } from '../../core/lane.ts';
import type { Revision } from '../../core/release.ts';
import { NONE } from '../../core/weights.ts';
import type { Split } from '../routing.ts';

/** So many instances of a revision should run. */
export interface Wanted {
  readonly revision: Revision;
  readonly count: number;
}

/** What the lane's recorded state says about the world. */
export interface Expected {
  readonly wanted: readonly Wanted[];
  /** Who should carry the traffic; null while that is being changed, or nobody has ever carried any. */
  readonly split: Split | null;
  /** Whose rollout the traffic belongs to; null = none under way. */
  readonly rollout: string | null;
}

/** The deployment that is rolled out or, if none is, the one that soaks. */
export const watchedOf = (lane: Lane): Deployment | undefined => activeOf(lane) ?? soakingOf(lane);

export function rolloutOf({ status }: Deployment): Rollout | undefined {
  return 'rollout' in status ? status.rollout : undefined;
}

/** What should run and carry the traffic now, by the lane's state alone. */
export function expectedOf(lane: Lane): Expected {
  const deployment = watchedOf(lane);
  const { serving } = lane.environment;
  if (deployment === undefined)
    return { wanted: whole(serving), split: serving && { stable: serving, canary: null }, rollout: null };
  const { status, revision, previous, id } = deployment;
  if (status.state === 'rolling_back') {
    const { phase, to } = status.rollback;
    const settled = phase === 'retiring' && to !== null;
    return {
      wanted: phase === 'restoring' ? [] : whole(to),
      split: settled ? { stable: to, canary: null } : null,
      rollout: id,
    };
  }
  const rollout = rolloutOf(deployment);
  if (rollout === undefined || revision === null) return { wanted: whole(serving), split: null, rollout: id };
  const { phase, instances, weight } = rollout;
  const mine = phase === 'starting' || phase === 'preparing' ? [] : [{ revision, count: instances }];
  const shifting = phase === 'shifting' || phase === 'retreating';
  const begun = weight > NONE || previous !== null;
  return {
    wanted: [...whole(previous), ...mine.filter(({ count }) => count > 0)],
    split: shifting || !begun ? null : splitOf(previous, revision, rollout),
    rollout: id,
  };
}

/** A revision that carries all of the traffic, or must be able to at once. */
const whole = (revision: Revision | null): readonly Wanted[] =>
  revision === null ? [] : [{ revision, count: revision.runtime.instances }];

function splitOf(previous: Revision | null, revision: Revision, { weight }: Rollout): Split {
  if (weight === NONE) return { stable: previous, canary: null };
  return { stable: previous, canary: { revision, weight } };
}
