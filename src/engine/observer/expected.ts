import type { Deployment, Rollout } from '../../core/deployment.ts';
import { activeOf, soakingOf, type Lane } from '../../core/lane.ts';
import type { Revision } from '../../core/release.ts';
import { NONE } from '../../core/weights.ts';
import type { Role } from '../../ports/target.ts';
import { baselineCount, baselineShare } from '../baseline.ts';
import type { Split } from '../routing.ts';

/** So many instances of a revision should run in a role. */
export interface Wanted {
  readonly revision: Revision;
  readonly role: Role;
  readonly count: number;
}

/** What the lane's recorded state says about the world. */
export interface Expected {
  readonly wanted: readonly Wanted[];
  /** Who should carry the traffic; null while that is being changed, or nobody has ever carried any. */
  readonly split: Split | null;
  /** How many instances of a fresh baseline there may be; null while that is being changed. */
  readonly baseline: number | null;
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
    return {
      wanted: whole(serving),
      split: serving && { stable: serving, canary: null },
      baseline: 0,
      rollout: null,
    };
  const { status, revision, previous, id } = deployment;
  if (status.state === 'rolling_back') {
    const { phase, to } = status.rollback;
    const settled = phase === 'retiring' && to !== null;
    return {
      wanted: phase === 'restoring' ? [] : whole(to),
      split: settled ? { stable: to, canary: null } : null,
      baseline: phase === 'retiring' ? 0 : null,
      rollout: id,
    };
  }
  const rollout = rolloutOf(deployment);
  if (rollout === undefined || revision === null)
    return { wanted: whole(serving), split: null, baseline: null, rollout: id };
  const { phase, instances, weight } = rollout;
  const isStarting = phase === 'starting' || phase === 'preparing';
  const mine: readonly Wanted[] = isStarting ? [] : [{ revision, role: 'serving', count: instances }];
  const baseline = baselineCount(deployment, rollout);
  const fresh: readonly Wanted[] =
    previous === null ? [] : [{ revision: previous, role: 'baseline', count: baseline ?? 0 }];
  const shifting = phase === 'shifting' || phase === 'retreating';
  const begun = weight > NONE || previous !== null;
  return {
    wanted: [...whole(previous), ...[...mine, ...fresh].filter(({ count }) => count > 0)],
    split: shifting || !begun ? null : splitOf(deployment, revision, rollout),
    baseline,
    rollout: id,
  };
}

/** A revision that carries all of the traffic, or must be able to at once. */
const whole = (revision: Revision | null): readonly Wanted[] =>
  revision === null ? [] : [{ revision, role: 'serving', count: revision.runtime.instances }];

function splitOf(deployment: Deployment, revision: Revision, { weight }: Rollout): Split {
  const { previous: stable } = deployment;
  if (weight === NONE) return { stable, canary: null };
  return { stable, canary: { revision, weight }, baseline: baselineShare(deployment, weight) };
}
