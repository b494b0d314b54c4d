/** So many of so many, and what that says about the true share. */
export interface Proportion {
  readonly count: number;
  readonly of: number;
  /** Shares that 95% confidence leaves possible. */
  readonly low: number;
  readonly high: number;
}

const TAIL = 0.025;

/** The exact interval of Clopper and Pearson (Biometrika 26, 1934): it never promises too much, which matters where there are few. */
export function proportionInterval(count: number, of: number): Proportion {
  const low = count === 0 ? 0 : solve((p) => atLeast(count, of, p) < TAIL);
  const high = count === of ? 1 : solve((p) => 1 - atLeast(count + 1, of, p) > TAIL);
  return { count, of, low, high };
}

/** Where a property of shares, true for the small ones, ends. */
function solve(holds: (p: number) => boolean): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Probability of `k` successes or more in n trials. */
function atLeast(k: number, n: number, p: number): number {
  if (p <= 0 || p >= 1) return p <= 0 && k > 0 ? 0 : 1;
  let logTerm = n * Math.log1p(-p);
  let below = 0;
  for (let i = 0; i < k; i++) {
    below += Math.exp(logTerm);
    logTerm += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.max(0, 1 - below);
}
