/** Latency counts in logarithmic buckets, each 2% wider than the one before; bucket 0 also takes all that is faster. */
export type Histogram = Uint32Array;

const SMALLEST_MS = 0.1;
const GROWTH = 1.02;
const LN_GROWTH = Math.log(GROWTH);
/** The last bucket begins above ten minutes and takes all that is slower. */
export const BUCKETS = 790;

export const createHistogram = (): Histogram => new Uint32Array(BUCKETS);

/** The bucket of a latency in milliseconds. */
export function bucketOf(ms: number): number {
  if (!(ms > SMALLEST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.floor(Math.log(ms / SMALLEST_MS) / LN_GROWTH));
}

/** The lower edge of a bucket in milliseconds. */
export const bucketEdge = (bucket: number): number => SMALLEST_MS * GROWTH ** bucket;

export function recordLatency(histogram: Histogram, ms: number): void {
  const bucket = bucketOf(ms);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** Adds `from` to `into`. */
export function mergeInto(into: Histogram, from: Histogram): void {
  for (let i = 0; i < BUCKETS; i++) into[i] = (into[i] ?? 0) + (from[i] ?? 0);
}

/** How many observations lie in `bucket` or above: the exact number of those not below its edge. */
export function countFrom(histogram: Histogram, bucket: number): number {
  let sum = 0;
  for (let i = Math.max(0, bucket); i < BUCKETS; i++) sum += histogram[i] ?? 0;
  return sum;
}

/**
 * The upper edge of the bucket that holds the quantile.
 * @param p 0 to 1
 * @returns milliseconds; 0 when the histogram is empty
 */
export function quantile(histogram: Histogram, p: number): number {
  const total = countFrom(histogram, 0);
  if (total === 0) return 0;
  let left = Math.max(1, Math.ceil(p * total));
  for (let i = 0; i < BUCKETS; i++) {
    left -= histogram[i] ?? 0;
    if (left <= 0) return bucketEdge(i + 1);
  }
  return bucketEdge(BUCKETS);
}
