import { minutes } from '../../core/time.ts';
import { bucketOf, BUCKETS, createHistogram, type InstanceWindow } from '../../ports/metrics.ts';
import { cannotBeTrue } from '../refusal.ts';
import type { Origin } from './schema.ts';
import type { Increment, Taken } from './streams.ts';
import type { Resource } from './wire.ts';

/** How long increments are kept, in slots of how long, and of how many instances. */
const KEPT = { time: minutes(15), slot: 1000, instances: 500 };

interface Slot {
  readonly at: number;
  requests: number;
  errors: number;
  /** Bucket and count; most are empty. */
  readonly latency: Map<number, number>;
}

interface Told {
  readonly resource: Resource;
  readonly origin: Origin;
  /** When it was last heard, by its own clock. */
  heardAt: number;
  brokenAt: number | undefined;
  /** What was said to be final: later news of before it counts as of after it. */
  finalAt: number;
  readonly slots: Map<number, Slot>;
}

/** What instances have told, by second. */
export class Book {
  readonly #told = new Map<string, Told>();

  note({ increments, heard, broken }: Pick<Taken, 'increments' | 'heard' | 'broken'>): void {
    for (const { origin, resource, at } of heard) this.#find(origin, resource, at);
    for (const one of increments) this.#add(this.#find(one.origin, one.resource, one.at), one);
    for (const { origin, resource, at } of broken) this.#find(origin, resource, at).brokenAt = at;
  }

  /** Instances of a version that have been heard. */
  instancesOf(origin: Origin, service: string, environment: string, version: string): Told[] {
    return [...this.#told.values()].filter(
      ({ origin: from, resource }) =>
        from === origin &&
        resource.service === service &&
        resource.version === version &&
        (resource.environment === '' || resource.environment === environment),
    );
  }

  /** What an instance has done in `(from, to]`, which is final from now on. @throws SpillwayError `corrupt` */
  sum(told: Told, from: number, to: number): InstanceWindow {
    const { resource, brokenAt } = told;
    if (brokenAt !== undefined && brokenAt > from)
      throw cannotBeTrue(
        `the counters of ${resource.instance || resource.service} have gone back although it was not restarted`,
      );
    told.finalAt = Math.max(told.finalAt, to);
    const sum = { name: resource.instance, requests: 0, errors: 0, latency: createHistogram() };
    for (const { at, requests, errors, latency } of told.slots.values()) {
      if (at <= from || at > to) continue;
      sum.requests += requests;
      sum.errors += errors;
      for (const [bucket, count] of latency) sum.latency[bucket] = (sum.latency[bucket] ?? 0) + count;
    }
    return sum;
  }

  #add(told: Told, { at, requests, failed, latency }: Increment): void {
    const time = Math.ceil(Math.max(at, told.finalAt + 1) / KEPT.slot) * KEPT.slot;
    const slot = told.slots.get(time) ?? {
      at: time,
      requests: 0,
      errors: 0,
      latency: new Map<number, number>(),
    };
    slot.requests += requests;
    if (failed) slot.errors += requests;
    for (const { upper, count } of latency) {
      const bucket = upper === Infinity ? BUCKETS - 1 : bucketOf(upper);
      if (count > 0) slot.latency.set(bucket, (slot.latency.get(bucket) ?? 0) + count);
    }
    told.slots.set(time, slot);
    for (const old of told.slots.keys()) if (old < time - KEPT.time) told.slots.delete(old);
  }

  #find(origin: Origin, resource: Resource, at: number): Told {
    const key = `${origin} ${JSON.stringify(resource)}`;
    const known = this.#told.get(key);
    const told = known ?? {
      resource,
      origin,
      heardAt: at,
      brokenAt: undefined,
      finalAt: 0,
      slots: new Map(),
    };
    told.heardAt = Math.max(told.heardAt, at);
    this.#told.delete(key); // the one that was heard last is the newest
    this.#told.set(key, told);
    if (this.#told.size > KEPT.instances) this.#told.delete(this.#told.keys().next().value ?? '');
    return told;
  }
}
