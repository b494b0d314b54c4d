import { normalQuantile } from './normal.ts';
import { rankSum, sorted, standardised } from './rank-sum.ts';

/** By how much the values of one sample lie above those of another. */
export interface Shift {
  /** Hodges-Lehmann: the median of all differences x - y. */
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
}

/** Of the range of differences: so near to 0 a shift is none. Otherwise rounding would decide whether an interval holds 0. */
const ROUNDING = 1e-12;

/**
 * The location shift of `x` against `y` with its confidence interval: the shifts that a rank sum test with the normal
 * approximation (corrected for continuity and ties) does not reject. Kayenta finds the same by Brent's method to 1e-4, which
 * is coarse for rates; here the interval is halved until nothing is left of it.
 * @param confidence of the two-sided interval, 0.98 = 98%
 * @throws RangeError for an empty sample
 */
export function shiftBetween(x: readonly number[], y: readonly number[], confidence: number): Shift {
  if (x.length === 0 || y.length === 0) throw new RangeError('an empty sample has no location');
  const xs = sorted(x);
  const ys = sorted(y);
  const least = (xs[0] ?? 0) - (ys.at(-1) ?? 0);
  const most = (xs.at(-1) ?? 0) - (ys[0] ?? 0);
  const z = normalQuantile((1 + confidence) / 2);
  const excess = (shift: number) => standardised(rankSum(xs, ys, -shift), xs.length, ys.length);
  const rounded = (shift: number) => (Math.abs(shift) <= ROUNDING * (most - least) ? 0 : shift);
  return {
    estimate: rounded(medianDifference(xs, ys, least, most)),
    lower: rounded(crossing(least, most, (shift) => excess(shift) > z)),
    upper: rounded(crossing(least, most, (shift) => excess(shift) > -z)),
  };
}

/** Where `above`, true below a point and false over it, changes; `low` or `high` where it never does. */
function crossing(low: number, high: number, above: (shift: number) => boolean): number {
  if (!above(low)) return low;
  if (above(high)) return high;
  let [under, over] = [low, high];
  for (;;) {
    const middle = (under + over) / 2;
    if (middle <= under || middle >= over) return over;
    if (above(middle)) under = middle;
    else over = middle;
  }
}

/** The median of the n m differences, without writing them down: by counting how many are at most so much. */
function medianDifference(xs: Float64Array, ys: Float64Array, least: number, most: number): number {
  const pairs = xs.length * ys.length;
  const nth = (n: number) => crossing(least, most, (shift) => differencesUpTo(xs, ys, shift) < n);
  return (nth(Math.floor((pairs + 1) / 2)) + nth(Math.floor(pairs / 2) + 1)) / 2;
}

/** Pairs with x - y <= limit; both sorted. */
function differencesUpTo(xs: Float64Array, ys: Float64Array, limit: number): number {
  let count = 0;
  let j = 0;
  for (const x of xs) {
    while (j < ys.length && x - (ys[j] ?? 0) > limit) j++;
    count += ys.length - j;
  }
  return count;
}
