import type { InstanceWindow, MetricWindow } from '../../ports/metrics.ts';
import { instant, type Instant } from '../../core/time.ts';
import { fromBuckets, fromCumulative, type Bucket } from '../latency.ts';
import { amount, cannotBeTrue } from '../refusal.ts';
import type { Series } from './api.ts';
import { boundOf, type RawSeries, type Reading } from './scrapes.ts';

const ESTIMATE = 'the queries are expressions, so the counts are estimates: selectors of counters are exact';

/** Whole steps that end after `from` and, with time for late scrapes, before `to`; undefined where there is none. */
export function stepsWithin(
  from: Instant,
  to: number,
  step: number,
): { readonly start: number; readonly end: number; readonly step: number } | undefined {
  const start = (Math.floor(from / step) + 1) * step;
  const end = Math.floor(to / step) * step;
  return end < start ? undefined : { start, end, step };
}

interface Sums {
  requests: number;
  errors: number;
  buckets: Map<number, number>;
}

/** What expressions said of each step, summed: final up to the last step that has requests' data. */
export function windowOf(
  raw: RawSeries,
  { from, to }: { readonly from: Instant; readonly to: number },
  withLatency: boolean,
  reading: Reading,
): MetricWindow {
  const last = Math.max(
    from,
    ...raw.requests.flatMap(({ points }) => points.map(([at]) => at).filter((at) => at <= to)),
  );
  const instances = new Map<string, Sums>();
  const sumsOf = ({ labels }: Series) => {
    const name = labels[reading.instanceLabel] ?? '';
    const sums = instances.get(name) ?? { requests: 0, errors: 0, buckets: new Map() };
    instances.set(name, sums);
    return sums;
  };
  for (const key of ['requests', 'errors'] as const)
    for (const series of raw[key])
      for (const [at, value] of series.points)
        if (at <= last) sumsOf(series)[key] += Math.round(amount(value, `the number of ${key}`));
  for (const series of raw.latency) {
    const sums = sumsOf(series);
    const upper = boundOf('this version', series.labels['le'], reading.unitMs);
    for (const [at, value] of series.points)
      if (at <= last)
        sums.buckets.set(upper, (sums.buckets.get(upper) ?? 0) + Math.round(amount(value, 'a bucket')));
  }
  if (withLatency && last > from && raw.latency.length === 0)
    throw cannotBeTrue('there are requests and no latencies', 'Check the query for latency.');
  return {
    instances: [...instances].map(([name, sums]) => instanceOf(name, sums)),
    unit: 'request',
    watermark: instant(last),
    notes: last === from ? ['the expression for requests has no data of the last steps'] : [ESTIMATE],
  };
}

function instanceOf(name: string, { requests, errors, buckets }: Sums): InstanceWindow {
  const listed: Bucket[] = [...buckets].map(([upper, count]) => ({ upper, count }));
  const latency = listed.length === 0 ? null : fromBuckets(fromCumulative(listed, 'the latency'));
  return { name, requests, errors, latency };
}
