import type { Histogram } from '../../../src/judge/index.ts';

/**
 * How many answers lie in each of the buckets or above, as a provider counts them whose clients came once each.
 * @param buckets rising
 */
export function slowCounts(histogram: Histogram, buckets: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  let sum = 0;
  let above = histogram.length;
  for (let i = buckets.length - 1; i >= 0; i--) {
    const from = buckets[i] as number;
    for (let bucket = from; bucket < above; bucket++) sum += histogram[bucket] as number;
    above = from;
    counts.set(from, sum);
  }
  return counts;
}
