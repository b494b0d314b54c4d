/** Latency counts in logarithmic buckets, each 2% wider than the one before; bucket 0 also takes all that is faster. */
export type Histogram = Uint32Array;

/** The same without the empty buckets: bucket and count in turn, buckets rising. */
export interface SparseHistogram {
  readonly pairs: Uint32Array;
}

/** Either form. Where most buckets are empty, as in a tick of a second, the sparse one is the cheaper. */
export type Latencies = Histogram | SparseHistogram;

const SMALLEST_MS = 0.1;
const GROWTH = 1.02;
const LN_GROWTH = Math.log(GROWTH);
/** The last bucket begins above ten minutes and takes all that is slower. */
export const BUCKETS = 790;
/** What a bucket can hold. */
export const LARGEST_COUNT = 2 ** 32 - 1;

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

export function toSparse(histogram: Histogram): SparseHistogram {
  let used = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) if (histogram[bucket] !== 0) used++;
  const pairs = new Uint32Array(2 * used);
  let i = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = histogram[bucket] ?? 0;
    if (count === 0) continue;
    pairs[i++] = bucket;
    pairs[i++] = count;
  }
  return { pairs };
}

/** Adds `from` to `into`. */
export function mergeInto(into: Histogram, from: Latencies): void {
  if (!isSparse(from)) {
    for (let i = 0; i < BUCKETS; i++) into[i] = (into[i] ?? 0) + (from[i] ?? 0);
    return;
  }
  const { pairs } = from;
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i] ?? 0;
    into[bucket] = (into[bucket] ?? 0) + (pairs[i + 1] ?? 0);
  }
}

/** How many observations lie in `bucket` or above: the exact number of those not below its edge. */
export function countFrom(latencies: Latencies, bucket: number): number {
  let sum = 0;
  if (isSparse(latencies)) {
    const { pairs } = latencies;
    for (let i = pairs.length - 2; i >= 0 && (pairs[i] ?? 0) >= bucket; i -= 2) sum += pairs[i + 1] ?? 0;
    return sum;
  }
  for (let i = Math.max(0, bucket); i < BUCKETS; i++) sum += latencies[i] ?? 0;
  return sum;
}

/**
 * The upper edge of the bucket that holds the quantile.
 * @param p 0 to 1
 * @returns milliseconds; 0 when the histogram is empty
 */
export function quantile(latencies: Latencies, p: number): number {
  const histogram = toDense(latencies);
  const total = countFrom(histogram, 0);
  if (total === 0) return 0;
  let left = rankOf(p, total);
  for (let i = 0; i < BUCKETS; i++) {
    left -= histogram[i] ?? 0;
    if (left <= 0) return bucketEdge(i + 1);
  }
  return bucketEdge(BUCKETS);
}

/** Which of `total` observations in rising order, counted from 1, is the quantile `p`. */
export const rankOf = (p: number, total: number): number => Math.max(1, Math.ceil(p * total));

export const isSparse = (latencies: Latencies): latencies is SparseHistogram => 'pairs' in latencies;

function toDense(latencies: Latencies): Histogram {
  if (!isSparse(latencies)) return latencies;
  const histogram = createHistogram();
  mergeInto(histogram, latencies);
  return histogram;
}
