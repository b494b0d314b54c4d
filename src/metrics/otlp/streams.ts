import type { Bucket } from '../latency.ts';
import {
  attributesOf,
  exportsIn,
  fieldsOf,
  hasFailed,
  listOf,
  numeric,
  resourceOf,
  timeOf,
  type Fields,
  type Resource,
} from './wire.ts';
import { ORIGINS, type Origin } from './schema.ts';

/** What one point of a metric adds. */
export interface Increment {
  readonly origin: Origin;
  readonly resource: Resource;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly requests: number;
  readonly failed: boolean;
  readonly latency: readonly Bucket[];
}

/** Streams that are remembered; the one that is longest silent is forgotten first. */
const MOST_STREAMS = 20_000;
const MOST_BUCKETS = 1000;
/** Times by which a replay of a delta is known. */
const TIMES_KEPT = 64;
const CUMULATIVE = new Set<unknown>([2, 'AGGREGATION_TEMPORALITY_CUMULATIVE']);
const DELTA = new Set<unknown>([1, 'AGGREGATION_TEMPORALITY_DELTA']);

interface Point {
  readonly start: number;
  readonly at: number;
  readonly count: number;
  readonly buckets: readonly Bucket[];
}

interface Stream {
  last: Point;
  readonly times: number[];
}

/** What came of a request. */
export interface Taken {
  readonly increments: readonly Increment[];
  /** Instances that were heard, whether or not they had anything new. */
  readonly heard: ReadonlyArray<{
    readonly origin: Origin;
    readonly resource: Resource;
    readonly at: number;
  }>;
  /** Counters that have gone back. */
  readonly broken: ReadonlyArray<{
    readonly origin: Origin;
    readonly resource: Resource;
    readonly at: number;
  }>;
  readonly rejected: number;
}

/** Turns points of histograms into what each adds, by the last one of its stream. */
export class Streams {
  readonly #streams = new Map<string, Stream>();
  /** When each instance was heard first. */
  readonly #since = new Map<string, number>();

  /** @throws SpillwayError `invalid_event` */
  take(body: unknown): Taken {
    const taken = {
      increments: [] as Increment[],
      heard: [] as Taken['heard'][number][],
      broken: [] as Taken['broken'][number][],
      rejected: 0,
    };
    for (const { origin, resource, point, temporality, attributes } of pointsIn(body)) {
      if (point === undefined || (!CUMULATIVE.has(temporality) && !DELTA.has(temporality))) {
        taken.rejected++;
        continue;
      }
      const { at } = point;
      const whose = `${origin} ${JSON.stringify(resource)}`;
      taken.heard.push({ origin, resource, at });
      const added = this.#added(whose, identity(whose, attributes), point, DELTA.has(temporality));
      if (added === 'gone back') taken.broken.push({ origin, resource, at });
      else if (added !== undefined && added.count > 0) {
        const failed = hasFailed(attributes, attributes.has('error.type'));
        taken.increments.push({
          origin,
          resource,
          at,
          requests: added.count,
          failed,
          latency: added.buckets,
        });
      }
    }
    // Only now: what came together began together.
    for (const { origin, resource, at } of taken.heard)
      this.#hear(`${origin} ${JSON.stringify(resource)}`, at);
    return taken;
  }

  #hear(whose: string, at: number): void {
    if (this.#since.size >= MOST_STREAMS) this.#since.delete(this.#since.keys().next().value ?? '');
    this.#since.set(whose, Math.min(at, this.#since.get(whose) ?? at));
  }

  /** What a point adds; undefined for a replay, and for the first of an instance that is not known yet. */
  #added(whose: string, key: string, point: Point, delta: boolean): Point | 'gone back' | undefined {
    const stream = this.#streams.get(key);
    if (stream?.times.includes(point.at)) return undefined;
    if (!delta && stream !== undefined && point.at < stream.last.at) return undefined;
    const { last } = stream ?? {};
    const times = [...(stream?.times ?? []), point.at].slice(-TIMES_KEPT);
    this.#streams.delete(key);
    this.#streams.set(key, { last: point, times });
    if (this.#streams.size > MOST_STREAMS) this.#streams.delete(this.#streams.keys().next().value ?? '');
    if (delta || (last !== undefined && point.start > last.start)) return point;
    if (last === undefined) return (this.#since.get(whose) ?? Infinity) < point.at ? point : undefined;
    return difference(point, last);
  }
}

const identity = (whose: string, attributes: ReadonlyMap<string, string>): string =>
  `${whose} ${JSON.stringify([...attributes].toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;

function difference(point: Point, last: Point): Point | 'gone back' {
  const before = new Map(last.buckets.map(({ upper, count }) => [upper, count]));
  const buckets = point.buckets.map(({ upper, count }) => ({
    upper,
    count: count - (before.get(upper) ?? 0),
  }));
  const count = point.count - last.count;
  return count < 0 || buckets.some((bucket) => bucket.count < 0) ? 'gone back' : { ...point, count, buckets };
}

interface Found {
  readonly origin: Origin;
  readonly resource: Resource;
  readonly temporality: unknown;
  readonly attributes: ReadonlyMap<string, string>;
  /** undefined where it makes no sense. */
  readonly point: Point | undefined;
}

function* pointsIn(body: unknown): Generator<Found> {
  for (const { resource: from, scopeMetrics } of exportsIn(body, 'resourceMetrics')) {
    const resource = resourceOf(from);
    for (const scope of listOf(scopeMetrics).map(fieldsOf))
      for (const metric of listOf(scope['metrics']).map(fieldsOf)) {
        const origin = ORIGINS.find((name) => name === metric['name'] && name !== 'spans');
        if (origin === undefined) continue;
        const unitMs = metric['unit'] === 'ms' ? 1 : 1000;
        const classic = fieldsOf(metric['histogram']);
        const exponential = fieldsOf(metric['exponentialHistogram']);
        for (const [histogram, read] of [
          [classic, explicitBuckets],
          [exponential, exponentialBuckets],
        ] as const)
          for (const point of listOf(histogram['dataPoints']).map(fieldsOf))
            yield {
              origin,
              resource,
              temporality: histogram['aggregationTemporality'],
              attributes: attributesOf(point['attributes']),
              point: pointOf(point, read(point, unitMs)),
            };
      }
  }
}

function pointOf(point: Fields, buckets: readonly Bucket[]): Point | undefined {
  const [start, at] = [timeOf(point['startTimeUnixNano'] ?? 0), timeOf(point['timeUnixNano'])];
  const count = numeric(point['count']);
  const whole = [count, ...buckets.map((bucket) => bucket.count)].every(
    (n) => Number.isSafeInteger(n) && n >= 0,
  );
  const inBuckets = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  const sound = whole && at > 0 && start >= 0 && start <= at && (buckets.length === 0 || inBuckets === count);
  return sound && buckets.length <= MOST_BUCKETS ? { start, at, count, buckets } : undefined;
}

/** `bucketCounts` has one more than `explicitBounds`: what lies above the last. */
function explicitBuckets({ explicitBounds, bucketCounts }: Fields, unitMs: number): Bucket[] {
  const bounds = listOf(explicitBounds).map(numeric);
  return listOf(bucketCounts).map((count, i) => ({
    upper: i < bounds.length ? (bounds[i] ?? 0) * unitMs : Infinity,
    count: numeric(count),
  }));
}

/** Bucket i of scale s ends at 2^((offset + i + 1) / 2^s). */
function exponentialBuckets({ scale, zeroCount, positive }: Fields, unitMs: number): Bucket[] {
  const base = 2 ** (2 ** -numeric(scale ?? 0));
  const { offset, bucketCounts } = fieldsOf(positive);
  return [
    { upper: 0, count: numeric(zeroCount ?? 0) },
    ...listOf(bucketCounts).map((count, i) => ({
      upper: base ** (numeric(offset ?? 0) + i + 1) * unitMs,
      count: numeric(count),
    })),
  ];
}
