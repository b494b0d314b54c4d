import {
  BUCKETS,
  bucketEdge,
  bucketOf,
  LATENCY_QUANTILES,
  type SparseHistogram,
} from '../../../src/judge/index.ts';
import { normalQuantile } from './normal.ts';
import type { Random } from './random.ts';

const MEDIAN_MS = 100;
const SIGMA = 0.5;
/** Equally probable latencies. */
const ENTRIES = 65_536;
/** A bucket's part by which latencies can be shifted. */
const FINENESS = 64;
const LN_GROWTH = Math.log(bucketEdge(1) / bucketEdge(0));
/** Requests of a paused instance wait until the second's end. */
const PAUSE_MS = 1000;

/** In parts of a bucket, rising: `LATENCIES[i]` is the quantile (i + .5) / ENTRIES of the log-normal distribution. */
const LATENCIES = Uint16Array.from({ length: ENTRIES }, (_, i) => {
  const ms = MEDIAN_MS * Math.exp(SIGMA * normalQuantile((i + 0.5) / ENTRIES));
  return Math.round((Math.log(ms / bucketEdge(0)) / LN_GROWTH) * FINENESS);
});
const LOWEST = LATENCIES[0] as number;
const HIGHEST = LATENCIES[ENTRIES - 1] as number;

const QUANTILES = LATENCY_QUANTILES.length;
/** No answer is as slow. */
const NEVER = BUCKETS;

/** The latencies of one arm in one second, in room that is used again for the next. */
export class SecondOfLatencies {
  readonly #random: Random;
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #pairs = new Uint32Array(2 * BUCKETS);
  /** By their length, views of the pairs. */
  readonly #views: Uint32Array[] = [];
  /** Draws of chance, 16 bits each. */
  #chance = new Uint16Array(1024);
  /** No bucket below and none above is in use. */
  #low = BUCKETS - 1;
  #high = 0;
  readonly #slowFrom = new Uint16Array(QUANTILES).fill(NEVER);
  /** By instance, for each quantile: how many of its answers are slower. */
  readonly slow: readonly Float64Array[];

  constructor(random: Random, instances: number) {
    this.#random = random;
    this.slow = Array.from({ length: instances }, () => new Float64Array(QUANTILES));
  }

  /** Forgets the second before. @param slowFrom the buckets from which answers are slow, by quantile; or none */
  begin(slowFrom: ArrayLike<number>): void {
    this.#counts.fill(0, this.#low, this.#high + 1);
    this.#low = BUCKETS - 1;
    this.#high = 0;
    for (let q = 0; q < QUANTILES; q++) this.#slowFrom[q] = slowFrom[q] ?? NEVER;
  }

  /** Draws the `n` answers of an instance that is `factor` times as slow as the usual one. */
  draw(instance: number, n: number, factor: number): void {
    if (n === 0) return this.drawPaused(instance, 0, factor);
    if (this.#chance.length < n) this.#chance = new Uint16Array(2 * n);
    this.#random.fill(this.#chance, n);
    const shift = factor === 1 ? 0 : Math.round((Math.log(factor) / LN_GROWTH) * FINENESS);
    if (LOWEST + shift < 0 || HIGHEST + shift >= BUCKETS * FINENESS)
      throw new RangeError(`latencies that are ${factor} times the usual have no buckets`);
    this.#reach((LOWEST + shift) >> 6, (HIGHEST + shift) >> 6);
    this.#count(this.slow[instance] as Float64Array, n, shift);
  }

  /** By its differences' signs each answer is counted without a branch. */
  #count(slow: Float64Array, n: number, shift: number): void {
    const counts = this.#counts;
    const chance = this.#chance;
    const below50 = (this.#slowFrom[0] as number) - 1;
    const below90 = (this.#slowFrom[1] as number) - 1;
    const below95 = (this.#slowFrom[2] as number) - 1;
    const below99 = (this.#slowFrom[3] as number) - 1;
    let over50 = 0;
    let over90 = 0;
    let over95 = 0;
    let over99 = 0;
    for (let i = 0; i < n; i++) {
      const bucket = ((LATENCIES[chance[i] as number] as number) + shift) >> 6;
      counts[bucket] = (counts[bucket] as number) + 1;
      over50 += (below50 - bucket) >>> 31;
      over90 += (below90 - bucket) >>> 31;
      over95 += (below95 - bucket) >>> 31;
      over99 += (below99 - bucket) >>> 31;
    }
    slow[0] = over50;
    slow[1] = over90;
    slow[2] = over95;
    slow[3] = over99;
  }

  /** Draws the `n` answers of an instance that has stopped for this second: each waits for its end. */
  drawPaused(instance: number, n: number, factor: number): void {
    (this.slow[instance] as Float64Array).fill(0);
    for (let i = 0; i < n; i++) {
      const ms = factor * bucketEdge(this.#drawParts() / FINENESS) + PAUSE_MS * this.#random.unit();
      const bucket = bucketOf(ms);
      this.#add(bucket);
      this.countSlow(instance, bucket);
    }
  }

  /** Draws one answer of the usual service. @returns its bucket */
  drawOne(): number {
    const bucket = this.#drawParts() >> 6;
    this.#add(bucket);
    return bucket;
  }

  /** Counts one answer that has been drawn as an instance's. */
  countSlow(instance: number, bucket: number): void {
    const slow = this.slow[instance] as Float64Array;
    for (let q = 0; q < QUANTILES; q++)
      if (bucket >= (this.#slowFrom[q] as number)) slow[q] = (slow[q] as number) + 1;
  }

  /** Counts an answer as slow for those quantiles only whose threshold is `from`. */
  countSlowFrom(instance: number, from: number): void {
    const slow = this.slow[instance] as Float64Array;
    for (let q = 0; q < QUANTILES; q++) if (this.#slowFrom[q] === from) slow[q] = (slow[q] as number) + 1;
  }

  /** How many lie in `from` or above, and below `to`. */
  countIn(from: number, to: number): number {
    let sum = 0;
    const end = Math.min(to, this.#high + 1);
    for (let bucket = Math.max(from, this.#low); bucket < end; bucket++)
      sum += this.#counts[bucket] as number;
    return sum;
  }

  /** They are good until the next call of `begin`. Which buckets are empty is not to be guessed, so each is written, and kept if it is not. */
  toSparse(): SparseHistogram {
    const pairs = this.#pairs;
    const counts = this.#counts;
    let length = 0;
    for (let bucket = this.#low; bucket <= this.#high; bucket++) {
      const count = counts[bucket] as number;
      pairs[length] = bucket;
      pairs[length + 1] = count;
      length += (-count >>> 31) << 1;
    }
    return { pairs: (this.#views[length] ??= pairs.subarray(0, length)) };
  }

  #drawParts(): number {
    return LATENCIES[this.#random.word() & 0xffff] as number;
  }

  #add(bucket: number): void {
    this.#reach(bucket, bucket);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
  }

  #reach(lowest: number, highest: number): void {
    this.#low = Math.min(this.#low, lowest);
    this.#high = Math.max(this.#high, highest);
  }
}
