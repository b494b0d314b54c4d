import { BUCKETS, bucketEdge, type Histogram } from '../../../src/judge/index.ts';
import { normalQuantile } from './normal.ts';
import type { Random } from './random.ts';

const MEDIAN_MS = 100;
const SIGMA = 0.5;
/** Equally probable latencies. */
const ENTRIES = 65_536;
/** A bucket's part by which latencies can be shifted. */
const FINENESS = 64;
const LN_GROWTH = Math.log(bucketEdge(1) / bucketEdge(0));

/** In parts of a bucket: `LATENCIES[i]` is the quantile (i + .5) / ENTRIES of the log-normal distribution. */
const LATENCIES = Int32Array.from({ length: ENTRIES }, (_, i) => {
  const ms = MEDIAN_MS * Math.exp(SIGMA * normalQuantile((i + 0.5) / ENTRIES));
  return Math.round((Math.log(ms / bucketEdge(0)) / LN_GROWTH) * FINENESS);
});

/** Adds `n` latencies of a service that is `factor` times as slow as the usual one: one draw for two of them. */
export function addLatencies(random: Random, histogram: Histogram, n: number, factor: number): void {
  const shift = shiftOf(factor);
  for (let i = 0; i < n; i += 2) {
    const word = random.word();
    const first = bucketAt((LATENCIES[word & 0xffff] as number) + shift);
    histogram[first] = (histogram[first] as number) + 1;
    if (i + 1 === n) return;
    const second = bucketAt((LATENCIES[word >>> 16] as number) + shift);
    histogram[second] = (histogram[second] as number) + 1;
  }
}

/** The bucket of one answer of a service of the usual speed. */
export const latencyBucket = (random: Random): number =>
  bucketAt(LATENCIES[random.word() & 0xffff] as number);

const shiftOf = (factor: number) =>
  factor === 1 ? 0 : Math.round((Math.log(factor) / LN_GROWTH) * FINENESS);

const bucketAt = (parts: number) => Math.max(0, Math.min(BUCKETS - 1, Math.floor(parts / FINENESS)));
