import { readSettings } from '../../config/settings.ts';
import { instant, type Instant } from '../../core/time.ts';
import type { MetricArm, MetricSource, MetricWindow, TelemetrySink } from '../../ports/metrics.ts';
import type { Clock } from '../../ports/system.ts';
import { believable } from '../refusal.ts';
import { Book } from './book.ts';
import { otlpSettings } from './schema.ts';
import { Spans } from './spans.ts';
import { Streams } from './streams.ts';

/** Spans are sent some seconds after their end. */
const SPANS_SETTLE_MS = 10_000;
/** An instance's clock may be ahead by this much; what is further in the future is not believed. */
const CLOCK_AHEAD_MS = 5000;

/** OpenTelemetry that is posted here: durations of requests as histograms, or spans of servers. Kept in memory, a quarter of an hour. */
export function otlpSource(clock: Pick<Clock, 'now'>): MetricSource & { readonly sink: TelemetrySink } {
  const book = new Book();
  const streams = new Streams();
  const spans = new Spans();
  const sink: TelemetrySink = {
    accept(signal, body) {
      if (signal === 'traces') {
        const { increments, rejected } = spans.take(body);
        book.note({ increments, heard: [], broken: [] });
        return { rejected, reason: 'spans without a time or an id' };
      }
      const taken = streams.take(body);
      book.note(taken);
      return {
        rejected: taken.rejected,
        reason: 'points without a time, with counts that do not add up, or without temporality',
      };
    },
  };
  return {
    sink,
    async window(query, arm, from, to) {
      const {
        service,
        origin,
        export_interval: interval,
      } = readSettings(otlpSettings, query.settings, 'metrics');
      const name = service ?? query.application;
      const told = book.instancesOf(origin, name, query.environment, arm.version);
      const heard = told
        .filter(({ heardAt }) => heardAt > to - 3 * interval && heardAt <= clock.now() + CLOCK_AHEAD_MS)
        .map(({ heardAt }) => heardAt);
      const asked = `service.name ${name} and service.version ${arm.version}`;
      const missing = missingOf(heard.length, arm, origin === 'spans', asked);
      const last = origin === 'spans' ? Math.max(...heard) - SPANS_SETTLE_MS : Math.min(...heard);
      const watermark = missing === undefined ? final(last, from, to) : from;
      const instances = told.map((one) => believable(book.sum(one, from, watermark)));
      return { instances, unit: 'request', watermark, notes: missing === undefined ? [] : [missing] };
    },
  };
}

const final = (last: number, from: Instant, to: Instant): Instant => {
  const whole = Math.floor(last / 1000) * 1000; // whole seconds, as increments are kept
  return instant(Math.max(from, Math.min(to, whole)));
};

function missingOf(
  heard: number,
  { instances }: MetricArm,
  spans: boolean,
  asked: string,
): MetricWindow['notes'][number] | undefined {
  if (heard === 0) return `nothing was posted lately for ${asked}`;
  const wanted = instances?.length ?? 0;
  return !spans && heard < wanted ? `${heard} of ${wanted} instances post for ${asked}` : undefined;
}
