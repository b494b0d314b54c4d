import type { Lane } from '../../../src/core/lane.ts';
import { activeOf, soakingOf } from '../../../src/core/lane.ts';
import { ALL, NONE } from '../../../src/core/weights.ts';
import type { RoutedArm } from '../../../src/ports/traffic.ts';

/** Revision -> its share of the traffic, in hundredths of a percent. */
export type Shares = ReadonlyMap<string, number>;

export function sharesOf(arms: readonly Pick<RoutedArm, 'revision' | 'weight'>[]): Shares {
  const shares = new Map<string, number>();
  for (const { revision, weight } of arms) shares.set(revision, (shares.get(revision) ?? 0) + weight);
  return shares;
}

/** Equal but for revisions without any traffic. */
export function sameShares(a: Shares, b: Shares): boolean {
  const digests = new Set([...a.keys(), ...b.keys()]);
  return [...digests].every((digest) => (a.get(digest) ?? 0) === (b.get(digest) ?? 0));
}

/** The split that the record of a lane says is set; none while it is being changed, or where nobody ever had any traffic. */
export function recordedSplits(lane: Lane): readonly Shares[] {
  const { serving } = lane.environment;
  const deployment = activeOf(lane) ?? soakingOf(lane);
  if (deployment === undefined) return serving === null ? [] : [new Map([[serving.digest, ALL]])];
  const { status, revision, previous } = deployment;
  if (status.state === 'rolling_back') {
    const { phase, to } = status.rollback;
    return phase === 'retiring' && to !== null ? [new Map([[to.digest, ALL]])] : [];
  }
  if (!('rollout' in status) || revision === null) return [];
  const { phase, weight } = status.rollout;
  if (phase === 'shifting' || phase === 'retreating') return [];
  if (previous === null) return weight === NONE ? [] : [new Map([[revision.digest, ALL]])];
  return [
    new Map([
      [previous.digest, ALL - weight],
      [revision.digest, weight],
    ]),
  ];
}
