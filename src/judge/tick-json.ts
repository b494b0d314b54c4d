import {
  BUCKETS,
  createHistogram,
  isSparse,
  LARGEST_COUNT,
  toSparse,
  type Histogram,
  type Latencies,
} from './histogram.ts';
import type { ArmTick, InstanceCount, Tick } from './tick.ts';

/** One arm of a tick as plain JSON: the form of records, traces and the API. */
export interface ArmTickJson {
  readonly requests: number;
  readonly errors: number;
  readonly failures?: number;
  /** Buckets that are not empty: index and count in turn. */
  readonly latency: readonly number[];
  readonly crashes: number;
  readonly instance_minutes: number;
  /** Bucket and clients in turn. */
  readonly slow_clients?: readonly number[];
}

/**
 * What is not known is left out: the name, which is null where `slow` follows, and the answers slower than each of the baseline's
 * quantiles that are compared.
 */
export type InstanceJson = readonly [
  requests: number,
  errors: number,
  name?: string | null,
  slow?: readonly number[],
];

export interface TickJson {
  /** End of the interval, epoch milliseconds. */
  readonly at: number;
  readonly canary: ArmTickJson;
  readonly baseline: ArmTickJson;
  /** Of each stable instance. */
  readonly stable_instances?: readonly InstanceJson[];
  readonly clients?: { readonly canary: number; readonly baseline: number };
}

export const tickToJson = ({
  at,
  canary,
  baseline,
  stableInstances,
  clients,
}: Tick<Latencies>): TickJson => ({
  at,
  canary: armToJson(canary),
  baseline: armToJson(baseline),
  ...(stableInstances === undefined ? {} : { stable_instances: stableInstances.map(instanceToJson) }),
  ...(clients === undefined ? {} : { clients }),
});

function instanceToJson({ requests, errors, name, slow }: InstanceCount): InstanceJson {
  if (slow !== undefined) return [requests, errors, name ?? null, Array.from(slow)];
  return name === undefined ? [requests, errors] : [requests, errors, name];
}

const armToJson = (arm: ArmTick<Latencies>): ArmTickJson => ({
  requests: arm.requests,
  errors: arm.errors,
  ...(arm.failures === undefined || arm.failures === arm.errors ? {} : { failures: arm.failures }),
  latency: [...(isSparse(arm.latency) ? arm.latency : toSparse(arm.latency)).pairs],
  crashes: arm.crashes,
  instance_minutes: arm.instanceMinutes,
  ...(arm.slowClients === undefined ? {} : { slow_clients: [...arm.slowClients].flat() }),
});

/**
 * Reads a tick from JSON that anybody may have written. What the counts must be like beside is told by `checkTick`.
 * @throws RangeError that names the field
 */
export function tickFromJson(json: unknown): Tick {
  const tick = record(json, 'tick');
  const instances = tick['stable_instances'];
  const clients = tick['clients'];
  return {
    at: moment(tick['at']),
    canary: armFromJson(tick['canary'], 'canary'),
    baseline: armFromJson(tick['baseline'], 'baseline'),
    ...(instances === undefined
      ? {}
      : { stableInstances: list(instances, 'stable_instances').map(instance) }),
    ...(clients === undefined ? {} : { clients: clientsFromJson(clients) }),
  };
}

function armFromJson(json: unknown, name: string): ArmTick {
  const arm = record(json, name);
  const { failures, slow_clients: slow } = arm;
  return {
    requests: count(arm['requests'], `${name}.requests`),
    errors: count(arm['errors'], `${name}.errors`),
    ...(failures === undefined ? {} : { failures: count(failures, `${name}.failures`) }),
    latency: histogram(arm['latency'], `${name}.latency`),
    crashes: count(arm['crashes'] ?? 0, `${name}.crashes`),
    instanceMinutes: amount(arm['instance_minutes'] ?? 0, `${name}.instance_minutes`),
    ...(slow === undefined ? {} : { slowClients: new Map(pairs(slow, `${name}.slow_clients`)) }),
  };
}

function histogram(json: unknown, field: string): Histogram {
  const result = createHistogram();
  for (const [bucket, n] of pairs(json ?? [], field)) {
    const sum = (result[bucket] ?? 0) + n;
    if (sum > LARGEST_COUNT) throw wrong(field, `counts up to ${LARGEST_COUNT}`, sum);
    result[bucket] = sum;
  }
  return result;
}

function pairs(json: unknown, field: string): [bucket: number, count: number][] {
  const flat = list(json, field);
  if (flat.length % 2 !== 0) throw wrong(field, 'bucket and count in turn', flat.length);
  return Array.from({ length: flat.length / 2 }, (_, i) => {
    const bucket = count(flat[2 * i], field);
    if (bucket >= BUCKETS) throw wrong(field, `a bucket below ${BUCKETS}`, bucket);
    return [bucket, count(flat[2 * i + 1], field)];
  });
}

function instance(json: unknown, index: number): InstanceCount {
  const field = `stable_instances[${index}]`;
  const [requests, errors, called, slow] = list(json, field);
  const name = called ?? undefined;
  if (name !== undefined && typeof name !== 'string') throw wrong(field, 'a name as its third', name);
  return {
    requests: count(requests, field),
    errors: count(errors, field),
    ...(name === undefined ? {} : { name }),
    ...(slow === undefined ? {} : { slow: list(slow, field).map((n) => count(n, field)) }),
  };
}

function clientsFromJson(json: unknown): NonNullable<Tick['clients']> {
  const clients = record(json, 'clients');
  return {
    canary: count(clients['canary'], 'clients.canary'),
    baseline: count(clients['baseline'], 'clients.baseline'),
  };
}

function record(json: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(field, 'an object', json);
  return json as Readonly<Record<string, unknown>>;
}

function list(json: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(json)) throw wrong(field, 'a list', json);
  return json;
}

function number(json: unknown, field: string): number {
  if (typeof json !== 'number' || !Number.isFinite(json)) throw wrong(field, 'a number', json);
  return json;
}

/** The last moment that a date can be, epoch milliseconds. */
const END_OF_TIME = 8.64e15;

function moment(json: unknown): number {
  const at = amount(json, 'at');
  if (at > END_OF_TIME) throw wrong('at', 'a time', at);
  return at;
}

function amount(json: unknown, field: string): number {
  const value = number(json, field);
  if (value < 0) throw wrong(field, 'not negative', value);
  return value;
}

function count(json: unknown, field: string): number {
  const value = number(json, field);
  if (!Number.isSafeInteger(value) || value < 0) throw wrong(field, 'a whole number from 0', value);
  return value;
}

/** What was found is told in so many characters: it may be of any length. */
const TOLD = 60;

const wrong = (field: string, expected: string, found: unknown) => {
  const text = typeof found === 'object' && found !== null ? kindOf(found) : JSON.stringify(found);
  const told = String(text).slice(0, TOLD);
  return new RangeError(`${field}: ${expected} was expected, not ${told}`);
};

const kindOf = (found: object): string => (Array.isArray(found) ? 'a list' : 'an object');
