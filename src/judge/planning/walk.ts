/** Counts at which a walk ends: those from `from` on, `until` excluded. They lie at one end of where it can be. */
export interface Ends {
  readonly from: number;
  readonly until: number;
}

/** What is less likely at any one place is left out. */
const LOST = 1e-10;
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
  let walk: Walk = { first: 0, chances: Float64Array.of(1) };
  let left = 1;
  for (let look = 1; look <= looks && left > NEGLIGIBLE; look++) {
    walk = grown(walk, step, ends(look));
    const remaining = walk.chances.reduce((sum, chance) => sum + chance, 0);
    reached.push(left - remaining);
    left = remaining;
  }
  return reached;
}

/** Probabilities of the counts from `first` on. */
interface Walk {
  readonly first: number;
  readonly chances: Float64Array;
}

/** The walk after another step, without those that end; only where it is likely to be. */
function grown({ first, chances }: Walk, step: readonly number[], { from, until }: Ends): Walk {
  const next = new Float64Array(chances.length + step.length - 1);
  for (let i = 0; i < chances.length; i++)
    for (let more = 0; more < step.length; more++)
      next[i + more] = (next[i + more] ?? 0) + (chances[i] ?? 0) * (step[more] ?? 0);
  const goesOn = (i: number) => {
    const count = first + i;
    return (count < from || count >= until) && (next[i] ?? 0) >= LOST;
  };
  let [low, high] = [0, next.length - 1];
  while (low <= high && !goesOn(low)) low++;
  while (high > low && !goesOn(high)) high--;
  return { first: first + low, chances: next.slice(low, high + 1) };
}
