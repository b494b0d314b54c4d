import { bucketOf, createHistogram, type Histogram } from '../../../src/judge/index.ts';
import type { InstanceCounts, RoutedArm } from '../../../src/ports/traffic.ts';
import type { Answers } from './releases.ts';

/** Of ten requests in a row so many take so many times the usual latency. */
const SPREAD = [
  [1, 6],
  [1.3, 3],
  [1.9, 1],
] as const;

/** What one instance has answered as one arm. */
export class Row {
  readonly #who: Pick<InstanceCounts, 'arm' | 'revision' | 'version' | 'instance'>;
  readonly #latency: Histogram = createHistogram();
  #requests = 0;
  #errors = 0;
  /** Until when it was routed; null while it is. */
  goneAt: number | null = null;

  constructor({ arm, revision, version }: RoutedArm, instance: InstanceCounts['instance']) {
    this.#who = { arm, revision, version, instance };
  }

  /** @param requests need not be whole: the rest is carried over */
  add(requests: number, { errors, latencyMs }: Answers): void {
    const before = Math.floor(this.#requests);
    this.#requests += requests;
    this.#errors += requests * errors;
    const now = Math.floor(this.#requests);
    let place = 0;
    for (const [factor, share] of SPREAD) {
      const bucket = bucketOf(latencyMs * factor);
      const news = inTens(now, place, share) - inTens(before, place, share);
      this.#latency[bucket] = (this.#latency[bucket] ?? 0) + news;
      place += share;
    }
  }

  counts(): InstanceCounts {
    const requests = Math.floor(this.#requests);
    const errors = Math.min(requests, Math.floor(this.#errors));
    return {
      ...this.#who,
      requests,
      errors,
      visitorErrors: errors,
      failingVisitors: 0,
      latency: this.#latency.slice(),
      slowVisitors: new Map(),
    };
  }
}

/** How many of the first `n` have one of `share` places, from `place` on, among their ten. */
const inTens = (n: number, place: number, share: number): number =>
  Math.floor(n / 10) * share + Math.min(share, Math.max(0, (n % 10) - place));
