import { bucketOf, BUCKETS, createHistogram, type Histogram } from '../ports/metrics.ts';
import { cannotBeTrue } from './refusal.ts';

/** Observations up to `upper` milliseconds that were above the bound before; `upper` may be Infinity. */
export interface Bucket {
  readonly upper: number;
  readonly count: number;
}

/**
 * Buckets with bounds of their own, as our logarithmic ones. All of a bucket goes where its upper bound lies, since nothing is known of
 * where in it an answer lay: how many were slower than a bound stays exact, for every bound; a difference that crosses none is not seen;
 * against a limit between two bounds an answer counts as slow as it may have been. What lay above the last finite bound counts as
 * slowest of all.
 */
export function fromBuckets(buckets: readonly Bucket[]): Histogram {
  const histogram = createHistogram();
  for (const { upper, count } of buckets) {
    const bucket = upper === Infinity ? BUCKETS - 1 : bucketOf(upper);
    histogram[bucket] = (histogram[bucket] ?? 0) + count;
  }
  return histogram;
}

/**
 * Cumulative counts ("so many took at most `upper`") as counts of each bucket, in order of their bounds.
 * @throws SpillwayError `corrupt` when a larger bound has fewer, or there is none of Infinity
 */
export function fromCumulative(buckets: readonly Bucket[], what: string): Bucket[] {
  const sorted = buckets.toSorted((a, b) => a.upper - b.upper);
  if (sorted.length === 0 || sorted.at(-1)?.upper !== Infinity)
    throw cannotBeTrue(`${what} has no bucket without a bound (le="+Inf")`);
  return sorted.map(({ upper, count }, i) => {
    const below = sorted[i - 1]?.count ?? 0;
    if (count < below)
      throw cannotBeTrue(`${what}: ${count} answers within ${upper} ms, but ${below} within a shorter time`);
    return { upper, count: count - below };
  });
}

/** Fewer requests than this have no quantiles worth the name. */
export const LEAST_FOR_QUANTILES = 100;

/**
 * Quantiles of a number of requests as a histogram: between two quantiles, even on a logarithmic scale; below the first and above the last,
 * at their own values. An estimate, good where a window has many requests.
 * @param quantiles p (0 to 1) and milliseconds
 * @throws SpillwayError `corrupt` when a larger p has a smaller value
 */
export function fromQuantiles(
  quantiles: ReadonlyArray<readonly [number, number]>,
  requests: number,
): Histogram {
  const points = quantiles.toSorted(([a], [b]) => a - b);
  const histogram = createHistogram();
  let placed = 0;
  const place = (bucket: number, share: number) => {
    const upTo = Math.round(share * requests);
    histogram[bucket] = (histogram[bucket] ?? 0) + upTo - placed;
    placed = upTo;
  };
  let [share, below] = [0, 0];
  for (const [p, ms] of points) {
    const bucket = bucketOf(ms);
    if (bucket < below) throw cannotBeTrue(`the quantile ${p} is ${ms} ms, less than a smaller quantile`);
    const first = share === 0 ? bucket : below + 1;
    for (let b = first; b <= bucket; b++)
      place(b, share + ((p - share) * (b - first + 1)) / (bucket - first + 1));
    if (first > bucket) place(bucket, p);
    [share, below] = [p, bucket];
  }
  if (points.length > 0) place(below, 1);
  return histogram;
}
