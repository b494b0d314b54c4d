import { elapsed, minutes, type Instant } from '../../core/time.ts';
import {
  createHistogram,
  countFrom,
  LATENCY_QUANTILES,
  mergeInto,
  quantileBuckets,
  type Histogram,
  type Latencies,
} from '../../judge/index.ts';

/** What is slow is taken anew so often, from what was seen for at least as long as REMEMBERED. */
const TAKEN_EVERY = minutes(1);
const REMEMBERED = minutes(5);

/** From which buckets on the answers of a version are slower than its usual ones, before there is a judge who says so. */
export class SlowPast {
  #older: Histogram = createHistogram();
  #recent: Histogram = createHistogram();
  #recentSince: Instant;
  #takenAt: Instant;
  #slowFrom = new Uint16Array(0);

  constructor(now: Instant) {
    this.#recentSince = now;
    this.#takenAt = now;
  }

  /** One bucket for each quantile that a judge compares; none while there is no past. */
  get slowFrom(): ArrayLike<number> {
    return this.#slowFrom;
  }

  /** Takes what was answered since the look before: it makes what is slow later, not now. */
  note(now: Instant, counts: ReadonlyArray<{ readonly latency: Latencies }>): void {
    for (const { latency } of counts) mergeInto(this.#recent, latency);
    if (elapsed(this.#takenAt, now) < TAKEN_EVERY) return;
    this.#takenAt = now;
    const past = this.#older.slice();
    mergeInto(past, this.#recent);
    const answers = countFrom(past, 0);
    if (answers > 0) {
      this.#slowFrom = new Uint16Array(LATENCY_QUANTILES.length);
      quantileBuckets(this.#slowFrom, past, answers);
    }
    if (elapsed(this.#recentSince, now) < REMEMBERED) return;
    this.#older = this.#recent;
    this.#recent = createHistogram();
    this.#recentSince = now;
  }
}
