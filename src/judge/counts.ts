import { BUCKETS, isSparse, type Histogram, type Latencies } from './histogram.ts';

/** The buckets of a histogram that are not empty, in rising order, in room that is used again and again. */
export interface Counts {
  length: number;
  readonly buckets: Uint16Array;
  readonly counts: Float64Array;
  /** Of all buckets. */
  total: number;
}

export const createCounts = (): Counts => ({
  length: 0,
  buckets: new Uint16Array(BUCKETS),
  counts: new Float64Array(BUCKETS),
  total: 0,
});

/** @throws RangeError for a sparse histogram whose buckets do not rise or do not exist */
export function readCounts(into: Counts, from: Latencies): void {
  into.length = 0;
  into.total = 0;
  if (isSparse(from)) readPairs(into, from.pairs);
  else readHistogram(into, from);
}

function readHistogram(into: Counts, histogram: Histogram): void {
  if (histogram.length !== BUCKETS)
    throw new RangeError(`a histogram has ${BUCKETS} buckets, not ${histogram.length}`);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = histogram[bucket] ?? 0;
    if (count !== 0) add(into, bucket, count);
  }
}

function readPairs(into: Counts, pairs: Uint32Array): void {
  if (pairs.length % 2 !== 0)
    throw new RangeError(`a sparse histogram has pairs, not ${pairs.length} numbers`);
  let previous = -1;
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i] ?? 0;
    if (bucket <= previous || bucket >= BUCKETS)
      throw new RangeError(`a sparse histogram has bucket ${bucket} after ${previous}`);
    add(into, bucket, pairs[i + 1] ?? 0);
    previous = bucket;
  }
}

function add(into: Counts, bucket: number, count: number): void {
  into.buckets[into.length] = bucket;
  into.counts[into.length] = count;
  into.length += 1;
  into.total += count;
}

/** How many lie in `bucket` or above. */
export function atLeast({ length, buckets, counts }: Counts, bucket: number): number {
  let sum = 0;
  for (let i = length - 1; i >= 0 && (buckets[i] ?? 0) >= bucket; i--) sum += counts[i] ?? 0;
  return sum;
}

/** Adds them to a histogram. */
export function addCounts(into: Histogram, { length, buckets, counts }: Counts): void {
  for (let i = 0; i < length; i++) {
    const bucket = buckets[i] ?? 0;
    into[bucket] = (into[bucket] ?? 0) + (counts[i] ?? 0);
  }
}
