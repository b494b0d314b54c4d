import { BUCKETS, type Histogram } from '../judge/index.ts';
import { quantilesOf, type Quantiles } from './latencies.ts';

/** What an arm did in these minutes stands for what it would have done with more requests. */
const LENGTH_MS = 300_000;
const SLOTS = 30;

interface Slot {
  readonly until: number;
  requests: number;
  errors: number;
  answered: number;
  readonly latency: Float64Array;
}

/** What an arm did of late, as shares of its requests. */
export interface Rates {
  readonly requests: number;
  readonly errorRate: number;
  readonly answerRate: number;
  /** Undefined where nothing was answered. */
  readonly latency: Quantiles | undefined;
}

/** One arm's last five minutes, to a thirtieth. */
export class Pool {
  #slots: Slot[] = [];
  #rates: Rates | undefined;

  add(at: number, requests: number, errors: number, latency: Histogram): void {
    let slot = this.#slots.at(-1);
    if (slot === undefined || at > slot.until) {
      slot = {
        until: at + LENGTH_MS / SLOTS,
        requests: 0,
        errors: 0,
        answered: 0,
        latency: new Float64Array(BUCKETS),
      };
      this.#slots = [...this.#slots.filter(({ until }) => until > at - LENGTH_MS), slot];
      this.#rates = undefined;
    }
    slot.requests += requests;
    slot.errors += errors;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = latency[bucket] ?? 0;
      if (count === 0) continue;
      slot.answered += count;
      slot.latency[bucket] = (slot.latency[bucket] ?? 0) + count;
    }
  }

  /** Taken anew with each thirtieth of the time. */
  rates(): Rates {
    return (this.#rates ??= ratesOf(this.#slots));
  }
}

function ratesOf(slots: readonly Slot[]): Rates {
  const sum = (of: (slot: Slot) => number) => slots.reduce((total, slot) => total + of(slot), 0);
  const requests = sum((slot) => slot.requests);
  const answered = sum((slot) => slot.answered);
  const latency = new Float64Array(BUCKETS);
  for (const slot of slots)
    for (let bucket = 0; bucket < BUCKETS; bucket++)
      latency[bucket] = (latency[bucket] ?? 0) + (slot.latency[bucket] ?? 0);
  return {
    requests,
    errorRate: requests === 0 ? 0 : Math.min(1, sum((slot) => slot.errors) / requests),
    answerRate: requests === 0 ? 0 : Math.min(1, answered / requests),
    latency: answered === 0 ? undefined : quantilesOf(latency, answered),
  };
}
