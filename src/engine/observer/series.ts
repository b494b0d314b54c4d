import type { RevisionDigest } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import { BUCKETS, createHistogram, mergeInto, type ArmTick, type Histogram } from '../../judge/index.ts';
import type { InstanceCounts, TrafficCounts } from '../../ports/traffic.ts';
import { asJson } from '../tasks.ts';

/** The two sides of the comparison. */
export type Side = 'canary' | 'baseline';

/** What one instance did within one look, or up to it. `name` tells its arm too: a promoted instance counts anew. */
export interface InstanceCount {
  readonly name: string;
  readonly side: Side;
  readonly requests: number;
  readonly errors: number;
  readonly latency: Histogram;
}

/** One look at a rollout: what a series row holds. */
export interface Look {
  /** Of the provider's counts. */
  readonly epoch: string;
  /** Only in the first: when the canary began to serve, and the counts from which the rollout's are counted. */
  readonly start: { readonly at: number; readonly base: readonly InstanceCount[] } | null;
  /** What came since the look before. */
  readonly counts: readonly InstanceCount[];
  readonly crashes: Readonly<Record<Side, number>>;
  readonly instanceMinutes: Readonly<Record<Side, number>>;
}

export type Sides = Readonly<Record<Side, RevisionDigest | undefined>>;

/** The provider's counts by instance, of those revisions that are compared. */
export const countsOf = (counts: TrafficCounts, sides: Sides): readonly InstanceCount[] =>
  counts.instances.flatMap((instance) => {
    const side = sideOf(instance, sides);
    if (side === undefined) return [];
    const { requests, visitorErrors, latency } = instance;
    return [{ name: `${instance.arm}/${instance.instance}`, side, requests, errors: visitorErrors, latency }];
  });

function sideOf({ revision }: InstanceCounts, sides: Sides): Side | undefined {
  if (revision === sides.canary) return 'canary';
  return revision === sides.baseline ? 'baseline' : undefined;
}

/**
 * Turns counts that only grow into what each look brought. A new epoch means that the provider began again from 0.
 * The same looks, taken again from their rows, bring it to the same place.
 */
export class Counters {
  #epoch: string | undefined;
  readonly #last = new Map<string, InstanceCount>();

  begin(epoch: string, base: readonly InstanceCount[]): void {
    this.#enter(epoch);
    for (const count of base) this.#last.set(count.name, count);
  }

  /** @returns what is new; instances without anything new are left out */
  advance(epoch: string, counts: readonly InstanceCount[]): readonly InstanceCount[] {
    this.#enter(epoch);
    return counts.flatMap((count) => {
      const before = this.#last.get(count.name);
      this.#last.set(count.name, { ...count, latency: count.latency.slice() });
      const news = before === undefined ? count : difference(count, before);
      return news.requests > 0 || news.errors > 0 ? [news] : [];
    });
  }

  /** Takes a recorded look. */
  replay({ epoch, start, counts }: Look): void {
    if (start !== null) this.begin(epoch, start.base);
    this.#enter(epoch);
    for (const count of counts) {
      const before = this.#last.get(count.name);
      this.#last.set(count.name, before === undefined ? count : sum(before, count));
    }
  }

  #enter(epoch: string): void {
    if (epoch !== this.#epoch) this.#last.clear();
    this.#epoch = epoch;
  }
}

function difference(now: InstanceCount, before: InstanceCount): InstanceCount {
  const latency = now.latency.map((n, bucket) => Math.max(0, n - (before.latency[bucket] ?? 0)));
  const requests = Math.max(0, now.requests - before.requests);
  return { ...now, requests, errors: Math.max(0, now.errors - before.errors), latency };
}

function sum(a: InstanceCount, b: InstanceCount): InstanceCount {
  const latency = a.latency.slice();
  mergeInto(latency, b.latency);
  return { ...b, requests: a.requests + b.requests, errors: a.errors + b.errors, latency };
}

/** One side of a look, as the judge wants it. */
export function armTick(look: Look, side: Side): ArmTick {
  const latency = createHistogram();
  let requests = 0;
  let errors = 0;
  for (const count of look.counts) {
    if (count.side !== side) continue;
    requests += count.requests;
    errors += count.errors;
    mergeInto(latency, count.latency);
  }
  const crashes = look.crashes[side];
  // A visitor's error may be counted a moment before the request that it belongs to.
  return {
    requests,
    errors: Math.min(errors, requests),
    latency,
    crashes,
    instanceMinutes: look.instanceMinutes[side],
  };
}

type PackedCount = readonly [
  name: string,
  side: Side,
  requests: number,
  errors: number,
  latency: readonly number[],
];

interface PackedLook extends Omit<Look, 'start' | 'counts'> {
  readonly start?: { readonly at: number; readonly base: readonly PackedCount[] };
  readonly counts: readonly PackedCount[];
}

export const packLook = ({ start, counts, ...rest }: Look): Json =>
  asJson({
    ...rest,
    ...(start === null ? {} : { start: { at: start.at, base: start.base.map(pack) } }),
    counts: counts.map(pack),
  });

export function unpackLook(payload: Json): Look {
  const { start, counts, ...rest } = payload as unknown as PackedLook;
  return {
    ...rest,
    start: start === undefined ? null : { at: start.at, base: start.base.map(unpack) },
    counts: counts.map(unpack),
  };
}

/** Buckets that are not empty: index and count in turn. */
function pack({ name, side, requests, errors, latency }: InstanceCount): PackedCount {
  const packed: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = latency[bucket] ?? 0;
    if (count > 0) packed.push(bucket, count);
  }
  return [name, side, requests, errors, packed];
}

function unpack([name, side, requests, errors, packed]: PackedCount): InstanceCount {
  const latency = createHistogram();
  for (let i = 0; i < packed.length; i += 2) latency[packed[i] ?? 0] = packed[i + 1] ?? 0;
  return { name, side, requests, errors, latency };
}
