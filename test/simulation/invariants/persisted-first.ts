import type { Effect } from '../../../src/core/effects.ts';
import { NONE, splitAt } from '../../../src/core/weights.ts';
import type { Routing } from '../../../src/ports/traffic.ts';
import type { Invariant } from './invariant.ts';
import { recordedSplits, sameShares, sharesOf, type Shares } from './shares.ts';

/** What a claimed task may set. */
function sharesOfEffect(effect: Effect): Shares | undefined {
  if (effect.kind !== 'shift' && effect.kind !== 'retire') return undefined;
  const { stable, canary } = effect;
  const weights = splitAt(canary?.weight ?? NONE);
  const shares = new Map<string, number>();
  if (stable !== null) shares.set(stable.digest, weights.stable);
  if (canary !== null)
    shares.set(canary.revision.digest, (shares.get(canary.revision.digest) ?? 0) + weights.canary);
  return shares;
}

export const persistedFirst: Invariant = {
  name: 'persisted first',
  says: 'Every transition is persisted before its effects start.',
  watch: ({ chronicle, violated }) => {
    /** By fence that was drawn without a task: the splits that were recorded since. */
    const since = new Map<number, Shares[]>();
    const check = ({ route, arms }: Routing, fence: number): void => {
      const asked = sharesOf(arms);
      const task = chronicle.claimedUnder(fence);
      if (task === undefined && !chronicle.wasDrawn(fence))
        return violated(`${route} is set under fence ${fence}, which nobody was given`);
      const allowed =
        task === undefined ? (since.get(fence) ?? []) : [sharesOfEffect(task.payload as unknown as Effect)];
      if (allowed.some((shares) => shares !== undefined && sameShares(shares, asked))) return;
      const why = task === undefined ? 'any recorded state' : `${task.key}`;
      violated(
        `${route} is set to ${JSON.stringify([...asked])} under fence ${fence}, which is not what ${why} says`,
      );
    };
    return {
      committed(commit) {
        const splits = () => chronicle.lanes.flatMap(recordedSplits);
        if (commit.method === 'drawFence') since.set(commit.value, splits());
        if (commit.method !== 'append' || !commit.value.ok) return;
        const now = splits();
        for (const known of since.values())
          known.push(...now.filter((one) => !known.some((other) => sameShares(one, other))));
      },
      asked: check,
      acted({ kind, key }) {
        const asked = key.replace(/\/baseline$/, '');
        if (key.includes('/keep-') || chronicle.knows(asked)) return;
        violated(`${kind} is done under ${key}, which was never queued`);
      },
    };
  },
};
