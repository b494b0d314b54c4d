import { createHistogram, mergeInto, type Histogram } from '../../ports/metrics.ts';
import type { Sample } from '../increase.ts';
import { fromBuckets, fromCumulative, type Bucket } from '../latency.ts';
import { cannotBeTrue, wholeCount } from '../refusal.ts';
import type { NativeHistogram, Series } from './api.ts';

/** Raw series of one version, up to the same moment. */
export interface RawSeries {
  readonly requests: readonly Series[];
  readonly errors: readonly Series[];
  readonly latency: readonly Series[];
}

export interface Reading {
  readonly instanceLabel: string;
  /** How many milliseconds one unit of the latency metric is. */
  readonly unitMs: number;
}

/** Labels by which the same instance is seen twice: by two jobs, or by two Prometheus servers. */
const SEEN_BY = ['job', 'replica', 'prometheus', 'prometheus_replica'];

/**
 * The samples of each instance, one a scrape: all of its series that a scrape found are of the same moment, so what was not there then
 * had not been counted since the process began.
 * @throws SpillwayError `corrupt`
 */
export function samplesByInstance(raw: RawSeries, reading: Reading): Map<string, Sample[]> {
  const { instanceLabel } = reading;
  const by = (series: readonly Series[]) => Map.groupBy(series, ({ labels }) => labels[instanceLabel] ?? '');
  const [requests, errors, latency] = [by(raw.requests), by(raw.errors), by(raw.latency)];
  for (const name of [...errors.keys(), ...latency.keys()])
    if (!requests.has(name))
      throw cannotBeTrue(
        `there are errors or latencies of ${name || 'a series without instance'} and no requests`,
        `Check the queries; the label ${instanceLabel} tells instances apart.`,
      );
  return new Map(
    [...requests].map(([name, series]) => {
      seenOnce(name, series);
      const own = { requests: series, errors: errors.get(name) ?? [], latency: latency.get(name) ?? [] };
      return [name, samplesOf(name, own, reading)];
    }),
  );
}

function seenOnce(name: string, series: readonly Series[]): void {
  for (const label of SEEN_BY) {
    const values = new Set(series.map(({ labels }) => labels[label] ?? ''));
    if (values.size > 1)
      throw cannotBeTrue(
        `${name} is counted more than once: ${label} is ${[...values].join(' and ')}`,
        `Say in the queries which one counts, such as ${label}="${[...values][0]}".`,
      );
  }
}

interface Scrape {
  requests: number;
  errors: number;
  latency: Histogram | null;
}

function samplesOf(name: string, { requests, errors, latency }: RawSeries, reading: Reading): Sample[] {
  const scrapes = new Map<number, Scrape>();
  for (const { points } of requests)
    for (const [at, value] of points) {
      const scrape = scrapes.get(at) ?? { requests: 0, errors: 0, latency: null };
      scrape.requests += wholeCount(value, `a counter of requests of ${name}`);
      scrapes.set(at, scrape);
    }
  const last = Math.max(...scrapes.keys());
  // What is asked later may have seen one scrape more.
  const scrapeAt = (at: number) => {
    const scrape = scrapes.get(at);
    if (scrape !== undefined || at > last) return scrape;
    throw cannotBeTrue(
      `requests, errors and latencies of ${name} are not of the same scrapes`,
      'Use expressions with {{window}} for metrics of different origin.',
    );
  };
  for (const { points } of errors)
    for (const [at, value] of points) {
      const scrape = scrapeAt(at);
      if (scrape) scrape.errors += wholeCount(value, `a counter of errors of ${name}`);
    }
  const add = (at: number, histogram: () => Histogram) => {
    const scrape = scrapeAt(at);
    if (scrape) mergeInto((scrape.latency ??= createHistogram()), histogram());
  };
  for (const [at, buckets] of classic(name, latency, reading)) add(at, () => fromBuckets(buckets));
  for (const { histograms } of latency)
    for (const [at, one] of histograms) add(at, () => fromNative(name, one, reading));
  return [...scrapes].sort(([a], [b]) => a - b).map(([at, scrape]) => ({ at, life: null, ...scrape }));
}

/** Classic histograms by scrape; several (of routes, of status codes) have bounds of their own each. */
function* classic(
  name: string,
  series: readonly Series[],
  { unitMs }: Reading,
): Generator<[number, Bucket[]]> {
  const histograms = Map.groupBy(
    series.filter(({ points }) => points.length > 0),
    ({ labels }) => identityWithout('le', labels),
  );
  for (const parts of histograms.values()) {
    const byScrape = new Map<number, Bucket[]>();
    for (const { labels, points } of parts)
      for (const [at, value] of points) {
        const buckets = byScrape.get(at) ?? [];
        buckets.push({
          upper: boundOf(name, labels['le'], unitMs),
          count: wholeCount(value, `a bucket of ${name}`),
        });
        byScrape.set(at, buckets);
      }
    for (const [at, buckets] of byScrape) yield [at, fromCumulative(buckets, `the latency of ${name}`)];
  }
}

const identityWithout = (label: string, labels: Series['labels']): string =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => name !== label)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

/** @param le seconds or milliseconds as text, or `+Inf` @returns milliseconds */
export function boundOf(name: string, le: string | undefined, unitMs: number): number {
  if (le === '+Inf') return Infinity;
  const bound = le === undefined ? Number.NaN : Number(le);
  if (Number.isFinite(bound)) return bound * unitMs;
  throw cannotBeTrue(
    `the latency of ${name} has a series without the bound of a bucket (le)`,
    'Select the _bucket series of a histogram, or a native histogram.',
  );
}

const fromNative = (name: string, { buckets }: NativeHistogram, { unitMs }: Reading): Histogram =>
  fromBuckets(
    buckets.map(([upper, count]) => ({
      upper: upper * unitMs,
      count: wholeCount(count, `a bucket of ${name}`),
    })),
  );
