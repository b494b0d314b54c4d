import type { SecondOfLatencies } from './latency.ts';

/**
 * How many answers lie in each of the buckets or above, as a provider counts them whose clients came once each.
 * @param buckets rising
 */
export function slowCounts(latencies: SecondOfLatencies, buckets: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  let sum = 0;
  let above = Infinity;
  for (let i = buckets.length - 1; i >= 0; i--) {
    const from = buckets[i] as number;
    sum += latencies.countIn(from, above);
    above = from;
    counts.set(from, sum);
  }
  return counts;
}
