import { resolveReferences } from '../../config/references.ts';
import { readSettings } from '../../config/settings.ts';
import { instant, type Instant } from '../../core/time.ts';
import type { MetricArm, MetricQuery, MetricSource, MetricWindow } from '../../ports/metrics.ts';
import type { Clock } from '../../ports/system.ts';
import { increaseOf, type Sample } from '../increase.ts';
import { LEAST_SAMPLES } from '../memory.ts';
import { believable, cannotBeTrue } from '../refusal.ts';
import { namesOf, placeholdersIn } from '../template.ts';
import { instantQuery, rangeQuery, type Endpoint, type Series } from './api.ts';
import { stepsWithin, windowOf } from './expression.ts';
import { fillQuery, labelsAskedFor, metricOf } from './promql.ts';
import { prometheusSettings, type PrometheusSettings } from './schema.ts';
import { samplesByInstance, type RawSeries, type Reading } from './scrapes.ts';

/** How far samples are read before a window: as long as Prometheus itself takes a sample to be current. */
const LOOK_BACK_MS = 300_000;
/** More is not asked for at once. */
const LONGEST_MS = 3_600_000;

export interface PrometheusOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly secrets: (name: string) => string | undefined;
}

/** Counters of a Prometheus server, by its HTTP API. */
export const prometheusSource = ({ clock, secrets }: PrometheusOptions): MetricSource => ({
  async window(query, arm, from, to) {
    const settings = readSettings(prometheusSettings, query.settings, 'metrics');
    const asked: Asked = {
      settings,
      arm,
      from,
      to: instant(Math.min(to, from + LONGEST_MS)),
      now: clock.now(),
      endpoint: endpointOf(settings, secrets),
      texts: textsOf(settings, query, arm),
    };
    const byExpression = placeholdersIn(settings.requests).includes('window');
    const window = await (byExpression ? estimated(asked) : counted(asked));
    for (const one of window.instances) believable(one);
    return window;
  },
});

interface Asked {
  readonly settings: PrometheusSettings;
  readonly arm: MetricArm;
  readonly from: Instant;
  readonly to: Instant;
  readonly now: Instant;
  readonly endpoint: Endpoint;
  readonly texts: { readonly requests: string; readonly errors: string; readonly latency: string | null };
}

function endpointOf(
  { url, headers, timeout }: PrometheusSettings,
  secrets: PrometheusOptions['secrets'],
): Endpoint {
  const resolved = Object.entries(headers).map(([name, value]) => [name, resolveReferences(value, secrets)]);
  return {
    url: resolveReferences(url, secrets),
    headers: Object.fromEntries(resolved) as Record<string, string>,
    timeoutMs: timeout,
  };
}

const stepOf = ({ step, scrape_interval: interval }: PrometheusSettings): number => step ?? 4 * interval;

function textsOf(settings: PrometheusSettings, query: MetricQuery, arm: MetricArm): Asked['texts'] {
  const values = { ...namesOf(query, arm), window: `${stepOf(settings)}ms` };
  const fill = (template: string) => fillQuery(template, values, arm.instances);
  const { requests, errors, latency } = settings;
  return { requests: fill(requests), errors: fill(errors), latency: latency === null ? null : fill(latency) };
}

const readingOf = (settings: PrometheusSettings): Reading => ({
  instanceLabel: settings.instance_label,
  unitMs: settings.latency_unit === 'seconds' ? 1000 : 1,
});

/** Exact: from the raw samples of counters. */
async function counted(asked: Asked): Promise<MetricWindow> {
  const { settings, from, to, now, endpoint, texts } = asked;
  const interval = settings.scrape_interval;
  const end = Math.max(to, Math.min(now, to + 3 * interval));
  const range = `[${end - from + Math.max(LOOK_BACK_MS, 5 * interval)}ms]`;
  const raw = (selector: string) => instantQuery(endpoint, `${selector}${range}`, end);
  // Requests first: what is asked later has seen at least as much.
  const requests = await raw(texts.requests);
  const [current, errors, latency] = await Promise.all([
    instantQuery(endpoint, texts.requests, end),
    raw(texts.errors),
    texts.latency === null ? [] : raw(texts.latency),
  ]);
  const found: RawSeries = { requests, errors, latency };
  await explainNoErrors(asked, found, end);
  const samples = samplesByInstance(found, readingOf(settings));
  const live = new Set(current.map(({ labels }) => labels[settings.instance_label] ?? ''));
  const seen = [...samples].filter(([name]) => live.has(name));
  const watermark = watermarkOf(asked, seen, end);
  const instances = [...samples].map(([name, list]) => increaseOf(name, list, from, watermark.at));
  for (const one of instances)
    if (texts.latency !== null && one.requests > 0 && one.latency === null)
      throw cannotBeTrue(
        `there are requests of ${one.name} and no latencies`,
        'Check the query for latency.',
      );
  return {
    instances,
    unit: 'request',
    watermark: watermark.at,
    notes: watermark.notes,
  };
}

/** Final is what every instance that is there now has been scraped up to. */
function watermarkOf(
  { settings, arm, from, to, texts }: Asked,
  seen: ReadonlyArray<readonly [string, readonly Sample[]]>,
  end: number,
): { readonly at: Instant; readonly notes: readonly string[] } {
  if (seen.length === 0) return { at: from, notes: [`no series matches ${texts.requests}`] };
  const wanted = arm.instances?.length ?? 0;
  const names = seen.map(([name]) => name);
  if (seen.length < wanted && !names.includes(''))
    return {
      at: from,
      notes: [`${seen.length} of ${wanted} instances are in Prometheus: ${names.join(', ')}`],
    };
  const fresh = seen.find(([, samples]) => samples.length < LEAST_SAMPLES);
  if (fresh !== undefined)
    return { at: from, notes: [`${fresh[0]} was scraped ${fresh[1].length} times so far`] };
  const scraped = seen.map(([name, samples]) => ({ name, at: samples.at(-1)?.at ?? 0 }));
  const last = scraped.reduce((a, b) => (b.at < a.at ? b : a));
  const late = end - last.at > 3 * settings.scrape_interval;
  return {
    at: instant(Math.max(from, Math.min(to, last.at))),
    notes: late ? [`the last scrape of ${last.name} is ${Math.round((end - last.at) / 1000)} s old`] : [],
  };
}

/**
 * No series of errors may mean no errors, or a query that asks for what there is not.
 * @throws SpillwayError `corrupt` where it can be told to be the latter
 */
async function explainNoErrors({ endpoint, texts }: Asked, raw: RawSeries, end: number): Promise<void> {
  if (raw.errors.length > 0 || raw.requests.length === 0) return;
  const metric = metricOf(texts.errors);
  if (metric === undefined) return;
  if (metric !== metricOf(texts.requests)) {
    if ((await instantQuery(endpoint, `count(${metric})`, end)).length > 0) return;
    throw cannotBeTrue(
      `there is no metric ${metric}, so nothing is known of errors`,
      'Check its name; let the application put it out as 0 before the first error.',
    );
  }
  const present = new Set(raw.requests.flatMap(({ labels }: Series) => Object.keys(labels)));
  const missing = labelsAskedFor(texts.errors).find((label) => !present.has(label));
  if (missing !== undefined)
    throw cannotBeTrue(`no series of ${metric} has the label ${missing}, so nothing is known of errors`);
}

/** By expressions, in whole steps. */
async function estimated({ settings, from, to, now, endpoint, texts }: Asked): Promise<MetricWindow> {
  const settled = Math.min(to, now - 2 * settings.scrape_interval);
  const steps = stepsWithin(from, settled, stepOf(settings));
  if (steps === undefined)
    return { instances: [], unit: 'request', watermark: from, notes: ['no whole step has passed'] };
  const ask = (query: string) => rangeQuery(endpoint, query, steps);
  const requests = await ask(texts.requests);
  const [errors, latency] = await Promise.all([
    ask(texts.errors),
    texts.latency === null ? [] : ask(texts.latency),
  ]);
  return windowOf(
    { requests, errors, latency },
    { from, to: steps.end },
    texts.latency !== null,
    readingOf(settings),
  );
}
