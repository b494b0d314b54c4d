import type { RevisionDigest } from '../../core/ids.ts';
import { elapsed, minutes, seconds, type Duration, type Instant } from '../../core/time.ts';
import {
  LATENCY_QUANTILES,
  phiOf,
  type InstanceBlock,
  type InstanceHistory,
  type PresentTraffic,
} from '../../judge/index.ts';
import type { TrafficCounts } from '../../ports/traffic.ts';
import { TrafficMeter } from './present-traffic.ts';
import { Counters, countsOf, slowOf, type InstanceCount } from './series.ts';
import { SlowPast } from './slow-past.ts';

/** Lengths of blocks, in seconds. Lanes at rest are not looked at often enough for shorter ones. */
const LENGTHS = [10, 60] as const;
/** More than the half hour before a rollout that the judge asks for. */
const REMEMBERED = minutes(40);

/** Looks further apart say nothing of the present. */
const LONGEST_GAP = seconds(30);

interface Blocks {
  readonly length: (typeof LENGTHS)[number];
  readonly done: InstanceBlock[];
  open: Map<string, Counted>;
  since: Instant;
}

/**
 * What the instances of the version that serves did lately, in blocks of time: from it a judge learns how much more errors and slow
 * answers vary here than independent ones would, before its rollout begins. It is kept in memory only.
 */
export class StableHistory {
  #serving: RevisionDigest | undefined;
  #counters = new Counters();
  #epoch: string | undefined;
  #blocks: readonly Blocks[] = [];
  #lookedAt: Instant | undefined;
  #meter = new TrafficMeter();
  #slowPast: SlowPast | undefined;

  note(now: Instant, counts: TrafficCounts, serving: RevisionDigest): void {
    const gap = this.#lookedAt === undefined ? Infinity : elapsed(this.#lookedAt, now);
    this.#lookedAt = now;
    const sides = { canary: undefined, stable: serving, fresh: true };
    const isNew = serving !== this.#serving || counts.epoch !== this.#epoch;
    if (isNew) this.#meter = new TrafficMeter();
    if (serving !== this.#serving) {
      this.#blocks = LENGTHS.map((length) => newBlocks(length, now));
      this.#slowPast = new SlowPast(now);
    }
    if (isNew) {
      this.#serving = serving;
      this.#epoch = counts.epoch;
      this.#counters = new Counters();
      this.#counters.begin(counts.epoch, countsOf(counts, sides));
    }
    const news = this.#counters.advance(counts.epoch, countsOf(counts, sides)).counts;
    const stable = news.filter(({ part }) => part === 'stable');
    if (!isNew && gap < LONGEST_GAP) this.#meter.note(now, gap as Duration, stable);
    const counted = stable.map((one) => countedOf(one, this.#slowPast?.slowFrom ?? []));
    this.#slowPast?.note(now, stable);
    for (const blocks of this.#blocks) {
      // What happened over a longer time would pass for a burst.
      if (isNew || gap > seconds(blocks.length)) begin(blocks, now);
      else add(blocks, counted);
      if (elapsed(blocks.since, now) >= seconds(blocks.length)) close(blocks, now);
    }
  }

  /** What the version that serves has to do at present; null where that is not known. */
  presentTraffic(now: Instant): PresentTraffic | null {
    const rates = this.#meter.rates();
    const lately = this.#lookedAt !== undefined && elapsed(this.#lookedAt, now) < LONGEST_GAP;
    return rates === null || !lately ? null : { ...rates, phi: phiOf(this.blocks) };
  }

  /** The blocks that are complete. */
  get blocks(): InstanceHistory {
    return this.#blocks.map(({ length, done }) => ({ length, blocks: [...done] }));
  }
}

const newBlocks = (length: Blocks['length'], since: Instant): Blocks => ({
  length,
  done: [],
  open: new Map(),
  since,
});

function begin(blocks: Blocks, now: Instant): void {
  blocks.open = new Map();
  blocks.since = now;
}

interface Counted {
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  /** By quantile; empty where nobody knew yet what is slow. Each request counts, also where a judge will count clients. */
  readonly slow: readonly number[];
}

const countedOf = (count: InstanceCount, slowFrom: ArrayLike<number>): Counted => ({
  name: count.name,
  requests: count.requests,
  errors: count.errors,
  slow: slowOf(count, 'request', slowFrom),
});

function add({ open }: Blocks, counts: readonly Counted[]): void {
  for (const count of counts) {
    const known = open.get(count.name);
    open.set(count.name, known === undefined ? count : sum(known, count));
  }
}

const sum = (a: Counted, b: Counted): Counted => ({
  name: a.name,
  requests: a.requests + b.requests,
  errors: a.errors + b.errors,
  slow: a.slow.length < b.slow.length ? [] : a.slow.map((n, q) => n + (b.slow[q] ?? 0)),
});

function close(blocks: Blocks, now: Instant): void {
  const instances = [...blocks.open.values()];
  begin(blocks, now);
  if (instances.length === 0) return;
  blocks.done.push({
    requests: instances.map(({ requests }) => requests),
    errors: instances.map(({ errors, requests }) => Math.min(errors, requests)),
    ...(instances.some(({ slow }) => slow.length === 0)
      ? {}
      : { slow: LATENCY_QUANTILES.map((_, q) => instances.map(({ slow }) => slow[q] ?? 0)) }),
  });
  if (blocks.done.length * seconds(blocks.length) > REMEMBERED) blocks.done.shift();
}
