import type { Histogram } from '../../ports/metrics.ts';
import type { Sample } from '../increase.ts';
import { fromBuckets, fromCumulative, fromQuantiles, LEAST_FOR_QUANTILES, type Bucket } from '../latency.ts';
import { amount, cannotBeTrue, wholeCount } from '../refusal.ts';
import { pointed } from './pointer.ts';
import type { HttpJsonSettings } from './schema.ts';

/**
 * What an answer says, by the settings' pointers.
 * @param asked the moment of asking, which counts where the answer names none
 * @throws SpillwayError `corrupt` for what is missing or no count
 */
export function readAnswer(body: unknown, settings: HttpJsonSettings, asked: number): Sample {
  const count = (pointer: string) => wholeCount(pointed(body, pointer), `what stands at ${pointer}`);
  const requests = count(settings.requests);
  return {
    at: settings.at === null ? asked : Math.min(asked, timeAt(body, settings.at)),
    life: null,
    requests,
    errors: count(settings.errors),
    latency: latencyOf(body, settings, requests),
  };
}

function timeAt(body: unknown, pointer: string): number {
  const value = pointed(body, pointer);
  const time = typeof value === 'string' ? Date.parse(value) : value;
  if (typeof time === 'number' && Number.isFinite(time) && time > 0) return time;
  throw cannotBeTrue(`what stands at ${pointer} is no time`, 'A date, or milliseconds since the epoch.');
}

function latencyOf(
  body: unknown,
  { latency, latency_unit: unit }: HttpJsonSettings,
  requests: number,
): Histogram | null {
  if (latency === null) return null;
  const unitMs = unit === 'seconds' ? 1000 : 1;
  if ('quantiles' in latency) {
    if (requests < LEAST_FOR_QUANTILES) return null;
    const points = Object.entries(latency.quantiles).map(
      ([p, pointer]) =>
        [
          Number(p.slice(1)) / 100,
          amount(pointed(body, pointer), `what stands at ${pointer}`) * unitMs,
        ] as const,
    );
    return fromQuantiles(points, requests);
  }
  const buckets = bucketsAt(body, latency.buckets, unitMs);
  return fromBuckets(
    latency.cumulative ? fromCumulative(buckets, `what stands at ${latency.buckets}`) : buckets,
  );
}

function bucketsAt(body: unknown, pointer: string, unitMs: number): Bucket[] {
  const value = pointed(body, pointer);
  if (typeof value !== 'object' || value === null)
    throw cannotBeTrue(`what stands at ${pointer} is no map of buckets`);
  const pairs: unknown[] = Array.isArray(value) ? value : Object.entries(value);
  return pairs.map((pair) => {
    const [bound, count] = (Array.isArray(pair) ? pair : []) as unknown[];
    const upper = /^\+?inf(?:inity)?$/i.test(String(bound)) ? Infinity : Number(bound) * unitMs;
    if (!(upper >= 0)) throw cannotBeTrue(`${JSON.stringify(bound)} at ${pointer} is no bound of a bucket`);
    return { upper, count: wholeCount(count, `the bucket ${String(bound)} at ${pointer}`) };
  });
}
