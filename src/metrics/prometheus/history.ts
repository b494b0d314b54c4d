import { SpillwayError } from '../../core/errors.ts';
import { instant, type Instant } from '../../core/time.ts';
import type { MetricHistory, PastCount, VersionActivity } from '../../ports/history.ts';
import { fromBuckets, fromCumulative } from '../latency.ts';
import { wholeCount } from '../refusal.ts';
import { rangeQuery, type Endpoint, type Series } from './api.ts';
import { fillQuery } from './promql.ts';
import type { PrometheusSettings } from './schema.ts';
import { boundOf } from './scrapes.ts';

/** Prometheus answers with at most 11,000 points a series. */
const MOST_POINTS = 10_000;
/** The label that tells versions apart, in a query such as `http_requests_total{version="{{version}}"}`. */
const VERSION_MATCHER = /([A-Za-z_]\w*)\s*=~?\s*(["'`])\{\{\s*version\s*\}\}\2/;

type Names = Readonly<Record<'app' | 'environment', string>>;

/** The past of every version, from the same queries with which a present one is counted. They must be selectors of counters. */
export function prometheusHistory(
  settings: PrometheusSettings,
  endpoint: Endpoint,
  names: Names,
): MetricHistory {
  const [, label] = VERSION_MATCHER.exec(settings.requests) ?? [];
  if (label === undefined)
    throw new SpillwayError(
      'config_invalid',
      'the query for requests does not say which label is the version',
      {
        where: settings.requests,
        hint: 'Write it as http_requests_total{version="{{version}}"}.',
      },
    );
  const any = fillQuery(settings.requests.replace(VERSION_MATCHER, `${label}!=""`), names, null);
  const by = (labels: string, selector: string) => `sum by (${labels}) (${selector})`;
  const instance = settings.instance_label;
  return {
    versions: async (from, to, stepMs) => {
      const query = by(label, `increase(${any}[${stepMs}ms])`);
      return activityOf(await inPieces(endpoint, query, from, to, stepMs), label);
    },
    counts: async (version, from, to, stepMs) => {
      const of = (template: string) => fillQuery(template, { ...names, version }, null);
      const ask = (labels: string, template: string | null) =>
        template === null ? [] : inPieces(endpoint, by(labels, of(template)), from, to, stepMs);
      const [requests, errors, latency] = await Promise.all([
        ask(instance, settings.requests),
        ask(instance, settings.errors),
        ask(`${instance}, le`, settings.latency),
      ]);
      const unitMs = settings.latency_unit === 'seconds' ? 1000 : 1;
      return countsOf({
        requests,
        errors,
        latency,
        instance,
        unitMs,
        withLatency: settings.latency !== null,
      });
    },
  };
}

async function inPieces(
  endpoint: Endpoint,
  query: string,
  from: Instant,
  to: Instant,
  step: number,
): Promise<Series[]> {
  const joined = new Map<string, Series>();
  for (let start = from as number; start <= to; start += MOST_POINTS * step) {
    const end = Math.min(to, start + (MOST_POINTS - 1) * step);
    for (const series of await rangeQuery(endpoint, query, { start, end, step })) {
      const key = JSON.stringify(series.labels);
      const before = joined.get(key);
      joined.set(
        key,
        before === undefined ? series : { ...series, points: [...before.points, ...series.points] },
      );
    }
  }
  return [...joined.values()];
}

const activityOf = (found: readonly Series[], label: string): readonly VersionActivity[] =>
  found.map(({ labels, points }) => ({
    version: labels[label] ?? '',
    steps: points.filter(([, n]) => n > 0).map(([at, requests]) => ({ at: instant(at), requests })),
  }));

interface Found {
  readonly requests: readonly Series[];
  readonly errors: readonly Series[];
  readonly latency: readonly Series[];
  readonly instance: string;
  readonly unitMs: number;
  readonly withLatency: boolean;
}

/** What grew from step to step; the first one of an instance is only where counting starts. */
function countsOf({ requests, errors, latency, instance, unitMs, withLatency }: Found): readonly PastCount[] {
  const nameOf = ({ labels }: Series) => labels[instance] ?? '';
  const seen = new Map(requests.map((series) => [nameOf(series), series.points[0]?.[0]]));
  const failed = new Map(
    errors.map((series) => [nameOf(series), growthOf(series, seen.get(nameOf(series)))]),
  );
  const slow = Map.groupBy(latency, nameOf);
  const counts = requests.flatMap((series) => {
    const name = nameOf(series);
    const bounds = (slow.get(name) ?? []).map((one) => ({
      upper: boundOf(name, one.labels['le'], unitMs),
      growth: growthOf(one, seen.get(name)),
    }));
    return [...growthOf(series)].map(([at, grown]): PastCount => {
      const buckets = bounds.map(({ upper, growth }) => ({ upper, count: growth.get(at) ?? 0 }));
      const listed = buckets.length > 0 && grown > 0;
      return {
        at: instant(at),
        instance: name,
        requests: grown,
        errors: Math.min(grown, failed.get(name)?.get(at) ?? 0),
        latency:
          withLatency && listed ? fromBuckets(fromCumulative(buckets, `the latency of ${name}`)) : null,
      };
    });
  });
  return counts.toSorted((a, b) => a.at - b.at);
}

/** One that goes back has begun again. @param since when its instance was first seen: a series that came later began at 0 */
function growthOf({ labels, points }: Series, since?: number): Map<number, number> {
  const growth = new Map<number, number>();
  const first = points[0]?.[0] ?? 0;
  let before: number | undefined = since !== undefined && first > since ? 0 : undefined;
  for (const [at, value] of points) {
    const now = wholeCount(value, `a counter of ${Object.values(labels).join(' ') || 'this version'}`);
    if (before !== undefined) growth.set(at, now >= before ? now - before : now);
    before = now;
  }
  return growth;
}
