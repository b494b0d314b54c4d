import { normalCdf } from './normal.ts';

/** What the ranks of two samples say; `x` and `y` as they were given. */
export interface RankSum {
  /** U: the pairs (x, y) in which x is larger, an equal pair counting half. R calls it W. */
  readonly u: number;
  /** Sum of t^3 - t over the groups of t equal values, both samples together. */
  readonly ties: number;
}

/** Two-sided p-value of "both samples come from one distribution", and how it was found. */
export interface RankSumTest extends RankSum {
  readonly pValue: number;
  readonly method: 'exact' | 'normal';
}

/** From so many values in a sample the normal approximation is used, as R's `wilcox.test` does. */
const LARGE = 50;

/**
 * U of `x + shift` against `y`, and their ties. Both samples sorted, ascending; O(n + m).
 * @param shift is added to every x
 */
export function rankSum(x: Float64Array, y: Float64Array, shift = 0): RankSum {
  let u = 0;
  let ties = 0;
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    const value = Math.min((x[i] ?? Infinity) + shift, y[j] ?? Infinity);
    const [fromX, fromY] = [i, j];
    while (i < x.length && (x[i] ?? 0) + shift === value) i++;
    while (j < y.length && y[j] === value) j++;
    const [equalX, equalY] = [i - fromX, j - fromY];
    u += equalX * (fromY + equalY / 2);
    const equal = equalX + equalY;
    ties += equal ** 3 - equal;
  }
  return { u, ties };
}

/**
 * U minus its expectation n m / 2, corrected for continuity by a half, in standard deviations:
 * `sigma^2 = n m / 12 (N + 1 - sum (t^3 - t) / (N (N - 1)))`, N = n + m.
 * @returns 0 when all values are equal
 */
export function standardised({ u, ties }: RankSum, n: number, m: number): number {
  const all = n + m;
  const sigma = Math.sqrt(((n * m) / 12) * (all + 1 - ties / (all * (all - 1))));
  const difference = u - (n * m) / 2;
  return sigma > 0 ? (difference - Math.sign(difference) / 2) / sigma : 0;
}

/**
 * The Mann-Whitney U test (Wilcoxon's rank sum test), two-sided: exact for small samples without ties, else by the normal
 * approximation with corrections for continuity and ties. The same as R's `wilcox.test(x, y)`.
 * @throws RangeError for an empty sample
 */
export function rankSumTest(x: readonly number[], y: readonly number[]): RankSumTest {
  if (x.length === 0 || y.length === 0) throw new RangeError('an empty sample cannot be ranked');
  const ranked = rankSum(sorted(x), sorted(y));
  const small = x.length < LARGE && y.length < LARGE;
  if (small && ranked.ties === 0) {
    const pValue = exactPValue(ranked.u, x.length, y.length);
    return { ...ranked, pValue, method: 'exact' };
  }
  const z = standardised(ranked, x.length, y.length);
  return { ...ranked, pValue: Math.min(1, 2 * normalCdf(-Math.abs(z))), method: 'normal' };
}

export const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

/** Twice the smaller tail of U's distribution, at most 1. */
function exactPValue(u: number, n: number, m: number): number {
  const tail = Math.min(u, n * m - u);
  const counts = arrangements(n, m);
  let below = 0;
  let all = 0;
  counts.forEach((count, value) => {
    all += count;
    if (value <= tail) below += count;
  });
  return Math.min(1, (2 * below) / all);
}

/**
 * In how many of the (n + m choose n) orders U is each of 0 .. n m: the coefficients of the Gaussian binomial
 * `prod (1 - q^(m + i)) / (1 - q^i)`, i = 1 .. n.
 */
function arrangements(n: number, m: number): Float64Array {
  const counts = new Float64Array(n * m + 1);
  counts[0] = 1;
  for (let i = 1; i <= n; i++) {
    for (let u = n * m; u >= m + i; u--) counts[u] = (counts[u] ?? 0) - (counts[u - m - i] ?? 0);
    for (let u = i; u <= n * m; u++) counts[u] = (counts[u] ?? 0) + (counts[u - i] ?? 0);
  }
  return counts;
}
