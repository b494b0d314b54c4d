import { BUCKETS, type Histogram } from '../judge/index.ts';
import { drawMarked, type Chance } from './chance.ts';

/** So finely are quantiles told apart: the slowest 1 in 4,096 is the last. */
const QUANTILES = 4096;

/** A distribution of latencies that is drawn from with putting back: its quantiles, as buckets. */
export type Quantiles = Uint16Array;

/** @param counts of each bucket @param total their sum, above 0 */
export function quantilesOf(counts: ArrayLike<number>, total: number): Quantiles {
  const quantiles = new Uint16Array(QUANTILES);
  let bucket = 0;
  let passed = counts[0] ?? 0;
  for (let i = 0; i < QUANTILES; i++) {
    const rank = ((i + 0.5) / QUANTILES) * total;
    while (passed < rank && bucket < BUCKETS - 1) passed += counts[++bucket] ?? 0;
    quantiles[i] = bucket;
  }
  return quantiles;
}

/** Adds n latencies to a histogram. */
export function drawLatencies(chance: Chance, quantiles: Quantiles, n: number, into: Histogram): void {
  for (let i = 0; i < n; i++) {
    const bucket = quantiles[Math.floor(chance() * QUANTILES)] ?? 0;
    into[bucket] = (into[bucket] ?? 0) + 1;
  }
}

/** Adds to a histogram `n` of the `total` latencies of another, drawn without putting any back. */
export function drawWithout(
  chance: Chance,
  from: Histogram,
  total: number,
  n: number,
  into: Histogram,
): void {
  let left = total;
  let wanted = n;
  for (let bucket = 0; bucket < BUCKETS && wanted > 0; bucket++) {
    const count = from[bucket] ?? 0;
    if (count === 0) continue;
    const taken = drawMarked(chance, left, count, wanted);
    into[bucket] = (into[bucket] ?? 0) + taken;
    left -= count;
    wanted -= taken;
  }
}
