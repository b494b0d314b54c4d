import { BUCKETS, bucketEdge, type SparseHistogram } from '../../../src/judge/index.ts';
import { normalQuantile } from './normal.ts';
import type { Random } from './random.ts';

const MEDIAN_MS = 100;
const SIGMA = 0.5;
/** Equally probable latencies. */
const ENTRIES = 65_536;
/** A bucket's part by which latencies can be shifted. */
const FINENESS = 64;
const LN_GROWTH = Math.log(bucketEdge(1) / bucketEdge(0));

/** In parts of a bucket, rising: `LATENCIES[i]` is the quantile (i + .5) / ENTRIES of the log-normal distribution. */
const LATENCIES = Int32Array.from({ length: ENTRIES }, (_, i) => {
  const ms = MEDIAN_MS * Math.exp(SIGMA * normalQuantile((i + 0.5) / ENTRIES));
  return Math.round((Math.log(ms / bucketEdge(0)) / LN_GROWTH) * FINENESS);
});

/** The latencies of one arm in one second, in room that is used again for the next. */
export class SecondOfLatencies {
  readonly #random: Random;
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #pairs = new Uint32Array(2 * BUCKETS);
  /** No bucket below and none above is in use. */
  #low = BUCKETS - 1;
  #high = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  clear(): void {
    this.#counts.fill(0, this.#low, this.#high + 1);
    this.#low = BUCKETS - 1;
    this.#high = 0;
  }

  /** Draws `n` answers of a service that is `factor` times as slow as the usual one: one word of chance for two of them. */
  draw(n: number, factor: number): void {
    if (n === 0) return;
    const shift = factor === 1 ? 0 : Math.round((Math.log(factor) / LN_GROWTH) * FINENESS);
    this.#reach((LATENCIES[0] as number) + shift, (LATENCIES[ENTRIES - 1] as number) + shift);
    for (let i = 0; i < n; i += 2) {
      const word = this.#random.word();
      this.#count((LATENCIES[word & 0xffff] as number) + shift);
      if (i + 1 < n) this.#count((LATENCIES[word >>> 16] as number) + shift);
    }
  }

  /** Draws one answer of the usual service. @returns its bucket */
  drawOne(): number {
    const parts = LATENCIES[this.#random.word() & 0xffff] as number;
    this.#reach(parts, parts);
    this.#count(parts);
    return bucketAt(parts);
  }

  /** How many lie in `from` or above, and below `to`. */
  countIn(from: number, to: number): number {
    let sum = 0;
    const end = Math.min(to, this.#high + 1);
    for (let bucket = Math.max(from, this.#low); bucket < end; bucket++)
      sum += this.#counts[bucket] as number;
    return sum;
  }

  /** They are good until the next call of `clear`. */
  toSparse(): SparseHistogram {
    const pairs = this.#pairs;
    let length = 0;
    for (let bucket = this.#low; bucket <= this.#high; bucket++) {
      const count = this.#counts[bucket] as number;
      if (count === 0) continue;
      pairs[length++] = bucket;
      pairs[length++] = count;
    }
    return { pairs: pairs.subarray(0, length) };
  }

  #reach(lowest: number, highest: number): void {
    this.#low = Math.min(this.#low, bucketAt(lowest));
    this.#high = Math.max(this.#high, bucketAt(highest));
  }

  #count(parts: number): void {
    const bucket = bucketAt(parts);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
  }
}

const bucketAt = (parts: number) => Math.max(0, Math.min(BUCKETS - 1, Math.floor(parts / FINENESS)));
