import { BUCKETS, isSparse, type Histogram, type Latencies } from './histogram.ts';

/** A histogram as it is read, tick after tick: bucket and count in turn, buckets rising. */
export interface Counts {
  /** Either a tick's own, or `room`. */
  pairs: Uint32Array;
  /** How many numbers in `pairs` count. */
  length: number;
  readonly room: Uint32Array;
  /** Of all buckets. */
  total: number;
}

export function createCounts(): Counts {
  const room = new Uint32Array(2 * BUCKETS);
  return { pairs: room, length: 0, room, total: 0 };
}

/** @throws RangeError for a histogram of another length, or a sparse one whose buckets do not rise or do not exist */
export function readCounts(into: Counts, from: Latencies): void {
  if (isSparse(from)) readPairs(into, from.pairs);
  else readHistogram(into, from);
}

function readHistogram(into: Counts, histogram: Histogram): void {
  if (histogram.length !== BUCKETS)
    throw new RangeError(`a histogram has ${BUCKETS} buckets, not ${histogram.length}`);
  const { room } = into;
  let length = 0;
  let total = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = histogram[bucket] ?? 0;
    if (count === 0) continue;
    room[length++] = bucket;
    room[length++] = count;
    total += count;
  }
  into.pairs = room;
  into.length = length;
  into.total = total;
}

function readPairs(into: Counts, pairs: Uint32Array): void {
  if (pairs.length % 2 !== 0)
    throw new RangeError(`a sparse histogram has pairs, not ${pairs.length} numbers`);
  let previous = -1;
  let total = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    // As a whole number of 32 bits, which is quick; what is none becomes negative.
    const bucket = (pairs[i] as number) | 0;
    if (bucket <= previous || bucket >= BUCKETS)
      throw new RangeError(`a sparse histogram has bucket ${pairs[i]} after ${previous}`);
    total += pairs[i + 1] as number;
    previous = bucket;
  }
  into.pairs = pairs;
  into.length = pairs.length;
  into.total = total;
}

/** How many lie in `bucket` or above. */
export function atLeast({ pairs, length }: Counts, bucket: number): number {
  let sum = 0;
  for (let i = length - 2; i >= 0 && (pairs[i] ?? 0) >= bucket; i -= 2) sum += pairs[i + 1] ?? 0;
  return sum;
}

/** How many lie in each of `buckets`, which rise, or above it. */
export function countAbove(into: Float64Array, { pairs, length }: Counts, buckets: Uint16Array): void {
  let sum = 0;
  let i = length - 2;
  for (let at = buckets.length - 1; at >= 0; at--) {
    const bucket = buckets[at] as number;
    for (; i >= 0 && (pairs[i] as number) >= bucket; i -= 2) sum += pairs[i + 1] as number;
    into[at] = sum;
  }
}

/** The highest bucket that is not empty; 0 where all are. */
export const highestOf = ({ pairs, length }: Counts): number => (length === 0 ? 0 : (pairs[length - 2] ?? 0));

/** Adds them to a histogram. */
export function addCounts(into: Histogram, { pairs, length }: Counts): void {
  for (let i = 0; i < length; i += 2) {
    const bucket = pairs[i] ?? 0;
    into[bucket] = (into[bucket] ?? 0) + (pairs[i + 1] ?? 0);
  }
}
