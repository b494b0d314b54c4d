/** Counts at which a walk ends, `until` excluded. */
export interface Ends {
  readonly from: number;
  readonly until: number;
}

/** A walk is given up when no more than this part of it is left. */
const NEGLIGIBLE = 0.02;

/**
 * The exact distribution of when a count that only grows first comes to where it ends.
 * @param step probabilities of growing by 0, 1, 2 ... between two looks
 * @param looks at most so many
 * @param ends at the look 1, 2 ...
 * @returns probability of ending at look 1, 2 ... and not before
 */
export function firstPassage(step: readonly number[], looks: number, ends: (look: number) => Ends): number[] {
  const reached: number[] = [];
  let walk: Float64Array = Float64Array.of(1);
  let left = 1;
  for (let look = 1; look <= looks && left > NEGLIGIBLE; look++) {
    const { from, until } = ends(look);
    const next = new Float64Array(
      Math.min(walk.length + step.length - 1, until === Infinity ? from : Infinity),
    );
    walk.forEach((probability, count) => {
      if (probability === 0) return;
      step.forEach((chance, more) => {
        const there = count + more;
        if (there < from || there >= until) next[there] = (next[there] ?? 0) + probability * chance;
      });
    });
    const remaining = next.reduce((sum, probability) => sum + probability, 0);
    reached.push(left - remaining);
    [walk, left] = [next, remaining];
  }
  return reached;
}
