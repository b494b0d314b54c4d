import type { RevisionDigest } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import {
  countFrom,
  createHistogram,
  isSparse,
  mergeInto,
  toSparse,
  type ArmTick,
  type Histogram,
  type InstanceCount as JudgedInstance,
  type InstanceHistory,
  type JudgeSettings,
  type Latencies,
  type SparseHistogram,
} from '../../judge/index.ts';
import type { SeriesRow } from '../../ports/store.ts';
import type { InstanceCounts, TrafficCounts } from '../../ports/traffic.ts';
import { asJson } from '../tasks.ts';

/** The two sides of the comparison. */
export type Side = 'canary' | 'baseline';

/** `stable`: instances of the stable version beside a fresh baseline; they are not compared, but tell how much errors vary. */
export type Part = Side | 'stable';

/** What one instance did within one look, or up to it. `name` tells its arm too: a promoted instance counts anew. */
export interface InstanceCount {
  readonly name: string;
  readonly part: Part;
  readonly requests: number;
  /** At the unit that is randomised, as the provider counts them. */
  readonly errors: number;
  /** Every request that failed. */
  readonly failures: number;
  readonly latency: Latencies;
  /** By bucket of latency: answers in it or above, each sticky visitor once. */
  readonly slow: ReadonlyMap<number, number>;
  /** Failing visitors, as far as they can be told apart. */
  readonly clients: number;
}

/** The epoch of looks that were counted by a metric source. */
export const METERED = 'metered';

/** Whether a row is one of a metric source's. */
export const isMetered = ({ payload }: SeriesRow): boolean =>
  (payload as { readonly epoch?: Json }).epoch === METERED;

/** One look at a rollout: what a series row holds. */
export interface Look {
  /** Of the provider's counts. */
  readonly epoch: string;
  /** Only in the first: when the canary began to serve, the counts from which the rollout's are counted, and what was known before. */
  readonly start: {
    readonly at: number;
    readonly base: readonly InstanceCount[];
    readonly history: InstanceHistory;
  } | null;
  /** When the weight was confirmed of the step that begins with this look; null = none begins. */
  readonly step: number | null;
  /** What came since the look before. */
  readonly counts: readonly InstanceCount[];
  /** Counts that went back within the epoch: from here they are counted on. */
  readonly reset: readonly InstanceCount[];
  readonly crashes: Readonly<Record<Side, number>>;
  readonly instanceMinutes: Readonly<Record<Side, number>>;
}

/** What is compared. `fresh`: the baseline is an arm of its own, of young instances. */
export interface Sides {
  readonly canary: RevisionDigest | undefined;
  readonly stable: RevisionDigest | undefined;
  readonly fresh: boolean;
}

/** The provider's counts by instance, of those that take part. */
export const countsOf = (counts: TrafficCounts, sides: Sides): readonly InstanceCount[] =>
  counts.instances.flatMap((instance) => {
    const part = partOf(instance, sides);
    if (part === undefined) return [];
    const {
      requests,
      visitorErrors: errors,
      errors: failures,
      latency,
      slowVisitors: slow,
      failingVisitors: clients,
    } = instance;
    const name = `${instance.arm}/${instance.instance}`;
    return [{ name, part, requests, errors, failures, latency, slow, clients }];
  });

function partOf({ revision, arm }: InstanceCounts, { canary, stable, fresh }: Sides): Part | undefined {
  if (revision === canary) return 'canary';
  if (revision !== stable) return undefined;
  return fresh && arm !== 'baseline' ? 'stable' : 'baseline';
}

/** As it is to be remembered: most buckets are empty, and there are many instances. */
const remembered = (count: InstanceCount): InstanceCount => ({
  ...count,
  latency: sparse(count.latency),
  slow: new Map(count.slow),
});

const sparse = (latency: Latencies): SparseHistogram => (isSparse(latency) ? latency : toSparse(latency));

function dense(latency: Latencies): Histogram {
  if (!isSparse(latency)) return latency;
  const histogram = createHistogram();
  mergeInto(histogram, latency);
  return histogram;
}

/**
 * Turns counts that only grow into what each look brought. A new epoch means that the provider began again from 0. Where an instance's
 * counts go back without one, nobody knows what was counted twice or not at all: they count for nothing, and on from there.
 * The same looks, taken again from their rows, bring it to the same place.
 */
export class Counters {
  #epoch: string | undefined;
  readonly #last = new Map<string, InstanceCount>();

  begin(epoch: string, base: readonly InstanceCount[]): void {
    this.#enter(epoch);
    for (const count of base) this.#remember(count);
  }

  /** @returns what is new; instances without anything new are left out */
  advance(epoch: string, counts: readonly InstanceCount[]): Pick<Look, 'counts' | 'reset'> {
    this.#enter(epoch);
    const news: InstanceCount[] = [];
    const reset: InstanceCount[] = [];
    for (const count of counts) {
      const before = this.#last.get(count.name);
      this.#remember(count);
      const change = before === undefined ? remembered(count) : difference(count, before);
      if (change === undefined) reset.push(count);
      else if (change.requests > 0 || change.failures > 0 || change.slow.size > 0) news.push(change);
    }
    return { counts: news, reset };
  }

  /** Takes a recorded look. */
  replay({ epoch, start, counts, reset }: Look): void {
    if (start !== null) this.begin(epoch, start.base);
    this.#enter(epoch);
    for (const count of counts) {
      const before = this.#last.get(count.name);
      this.#last.set(count.name, before === undefined ? remembered(count) : sum(before, count));
    }
    for (const count of reset) this.#remember(count);
  }

  #remember(count: InstanceCount): void {
    this.#last.set(count.name, remembered(count));
  }

  #enter(epoch: string): void {
    if (epoch !== this.#epoch) this.#last.clear();
    this.#epoch = epoch;
  }
}

/** @returns undefined where a count went back */
function difference(now: InstanceCount, before: InstanceCount): InstanceCount | undefined {
  const latency = dense(now.latency).slice();
  const { pairs } = sparse(before.latency);
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i] ?? 0;
    const change = (latency[bucket] ?? 0) - (pairs[i + 1] ?? 0);
    if (change < 0) return undefined;
    latency[bucket] = change;
  }
  const slow = [...now.slow].map(([bucket, n]) => [bucket, n - (before.slow.get(bucket) ?? 0)] as const);
  const change = {
    ...now,
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    failures: now.failures - before.failures,
    latency: toSparse(latency),
    slow: new Map(slow.filter(([, n]) => n > 0)),
    clients: now.clients - before.clients,
  };
  const { requests, errors, failures, clients } = change;
  if (Math.min(requests, errors, failures, clients) < 0) return undefined;
  return [...before.slow].some(([bucket, n]) => n > (now.slow.get(bucket) ?? 0)) ? undefined : change;
}

/** Changes `before`, if it can: a day has 86,400 looks to be summed up. */
function sum(before: InstanceCount, more: InstanceCount): InstanceCount {
  const latency = dense(before.latency);
  mergeInto(latency, more.latency);
  return {
    ...more,
    requests: before.requests + more.requests,
    errors: before.errors + more.errors,
    failures: before.failures + more.failures,
    latency,
    slow: sumSlow([before, more]),
    clients: before.clients + more.clients,
  };
}

function sumSlow(counts: readonly InstanceCount[]): ReadonlyMap<number, number> {
  const total = new Map<number, number>();
  for (const { slow } of counts)
    for (const [bucket, n] of slow) total.set(bucket, (total.get(bucket) ?? 0) + n);
  return total;
}

/** One side of a look, as the judge wants it. */
export function armTick(look: Look, side: Side): ArmTick {
  const counts = look.counts.filter(({ part }) => part === side);
  const latency = createHistogram();
  let requests = 0;
  let errors = 0;
  let failures = 0;
  for (const count of counts) {
    requests += count.requests;
    errors += count.errors;
    failures += count.failures;
    mergeInto(latency, count.latency);
  }
  // A visitor's error may be counted a moment before the request that it belongs to.
  return {
    requests,
    errors: Math.min(errors, requests),
    failures: Math.min(Math.max(errors, failures), requests),
    latency,
    slowClients: sumSlow(counts),
    crashes: look.crashes[side],
    instanceMinutes: look.instanceMinutes[side],
  };
}

/**
 * The equal instances of the stable version: those that have run for long, or fresh ones where those have no traffic left.
 * @param slowFrom the judge's `slowThresholds`
 */
export function stableInstances(
  { counts }: Look,
  unit: JudgeSettings['unit'],
  slowFrom: ArrayLike<number>,
): readonly JudgedInstance[] {
  const stable = counts.filter(({ part }) => part === 'stable');
  const equal = stable.length > 0 ? stable : counts.filter(({ part }) => part === 'baseline');
  return equal.map((count) => ({
    name: count.name,
    requests: count.requests,
    errors: Math.min(count.errors, count.requests),
    ...(slowFrom.length === 0 ? {} : { slow: slowOf(count, unit, slowFrom) }),
  }));
}

/** How many of an instance's answers, or of its clients, were slower than each threshold. */
export const slowOf = (
  { latency, slow }: Pick<InstanceCount, 'latency' | 'slow'>,
  unit: JudgeSettings['unit'],
  slowFrom: ArrayLike<number>,
): number[] =>
  Array.from(slowFrom, (bucket) =>
    unit === 'client' ? (slow.get(bucket) ?? 0) : countFrom(latency, bucket),
  );

type PackedCount = readonly [
  name: string,
  part: Part,
  requests: number,
  errors: number,
  latency: readonly number[],
  slow?: readonly number[],
  clients?: number,
  failures?: number,
];

interface PackedLook extends Pick<Look, 'epoch' | 'crashes' | 'instanceMinutes'> {
  readonly start?: {
    readonly at: number;
    readonly base: readonly PackedCount[];
    readonly history?: InstanceHistory;
  };
  readonly step?: number;
  readonly counts: readonly PackedCount[];
  readonly reset?: readonly PackedCount[];
}

export const packLook = ({ start, step, counts, reset, ...rest }: Look): Json =>
  asJson({
    ...rest,
    ...(start === null ? {} : { start: { ...start, base: start.base.map(pack) } }),
    ...(step === null ? {} : { step }),
    counts: counts.map(pack),
    ...(reset.length === 0 ? {} : { reset: reset.map(pack) }),
  });

export function unpackLook(payload: Json): Look {
  const { start, step = null, counts, reset = [], ...rest } = payload as unknown as PackedLook;
  return {
    ...rest,
    start:
      start === undefined
        ? null
        : { at: start.at, base: start.base.map(unpack), history: start.history ?? [] },
    step,
    counts: counts.map(unpack),
    reset: reset.map(unpack),
  };
}

/** Of the histogram the buckets that are not empty, index and count in turn; what only sticky routes have is left out where it is empty. */
function pack({
  name,
  part,
  requests,
  errors,
  failures,
  latency,
  slow,
  clients,
}: InstanceCount): PackedCount {
  const packed = [...sparse(latency).pairs];
  const always = [name, part, requests, errors, packed] as const;
  const plain = slow.size === 0 && clients === 0 && failures === errors;
  return plain ? always : [...always, [...slow].flat(), clients, failures];
}

function unpack(count: PackedCount): InstanceCount {
  const [name, part, requests, errors, packed, slow = [], clients = 0, failures = errors] = count;
  const latency = { pairs: Uint32Array.from(packed) };
  return { name, part, requests, errors, failures, latency, slow: new Map(pairs(slow)), clients };
}

const pairs = (flat: readonly number[]): ReadonlyArray<readonly [number, number]> =>
  flat.flatMap((key, i) => (i % 2 === 0 ? [[key, flat[i + 1] ?? 0] as const] : []));
