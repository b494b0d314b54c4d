import { SpillwayError } from '../../core/errors.ts';
import { fetchJson, placeOf, type JsonAnswer } from '../fetch-json.ts';
import { cannotBeTrue } from '../refusal.ts';

/** Answers are read up to this size. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface Endpoint {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** One sample: epoch milliseconds and what was counted. */
export type Point<Value> = readonly [at: number, value: Value];

export interface NativeHistogram {
  /** Upper bound and count of each bucket, in the metric's own unit. */
  readonly buckets: ReadonlyArray<readonly [upper: number, count: number]>;
}

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: ReadonlyArray<Point<number>>;
  readonly histograms: ReadonlyArray<Point<NativeHistogram>>;
}

/** What `query` gives at a time (epoch milliseconds): of a range selector, the raw samples. @throws as MetricSource.window */
export const instantQuery = (endpoint: Endpoint, query: string, at: number): Promise<Series[]> =>
  ask(endpoint, '/api/v1/query', { query, time: inSeconds(at) });

/** What `query` gives at `start`, and every `step` from there up to `end`; milliseconds. */
export const rangeQuery = (
  endpoint: Endpoint,
  query: string,
  { start, end, step }: { readonly start: number; readonly end: number; readonly step: number },
): Promise<Series[]> =>
  ask(endpoint, '/api/v1/query_range', {
    query,
    start: inSeconds(start),
    end: inSeconds(end),
    step: inSeconds(step),
  });

const inSeconds = (ms: number) => (ms / 1000).toFixed(3);

async function ask(endpoint: Endpoint, path: string, form: Record<string, string>): Promise<Series[]> {
  const { url, headers, timeoutMs } = endpoint;
  const address = `${url.replace(/\/+$/, '')}${path}`;
  const limit = { timeout: `${timeoutMs}ms` };
  const asked = { url: address, headers, form: { ...form, ...limit }, timeoutMs, maxBytes: MAX_BYTES };
  return seriesOf(await fetchJson(asked), placeOf(address), form['query'] ?? '');
}

function seriesOf({ status, body }: JsonAnswer, where: string, query: string): Series[] {
  const answer = asRecord(body);
  if (status !== 200 || answer['status'] !== 'success') {
    const said = typeof answer['error'] === 'string' ? `: ${answer['error']}` : '';
    throw new SpillwayError(
      status === 400 ? 'config_invalid' : 'unavailable',
      `Prometheus answers ${status}${said}`,
      {
        where: query,
        hint: status === 400 ? 'Try the query at its own page first.' : `Asked: ${where}.`,
      },
    );
  }
  const { warnings } = answer;
  if (Array.isArray(warnings) && warnings.length > 0)
    throw cannotBeTrue(`Prometheus has only a part of the answer: ${String(warnings[0])}`);
  const data = asRecord(answer['data']);
  const { result } = data;
  if (!Array.isArray(result) || (data['resultType'] !== 'matrix' && data['resultType'] !== 'vector'))
    throw cannotBeTrue(
      `Prometheus answers with ${JSON.stringify(data['resultType']) ?? 'nothing'} instead of series`,
      query,
    );
  return result.map((one) => oneSeries(asRecord(one), query));
}

function oneSeries(series: Readonly<Record<string, unknown>>, query: string): Series {
  const { metric, values, value, histograms, histogram } = series;
  return {
    labels: asRecord(metric) as Record<string, string>,
    points: pairs(values, value).map(([at, text]) => [milliseconds(at, query), numberOf(text)]),
    histograms: pairs(histograms, histogram).map(([at, one]) => [
      milliseconds(at, query),
      native(one, query),
    ]),
  };
}

const pairs = (many: unknown, one: unknown): ReadonlyArray<readonly [unknown, unknown]> =>
  (Array.isArray(many) ? many : one === undefined ? [] : [one]) as ReadonlyArray<readonly [unknown, unknown]>;

/** Numbers arrive as texts, so that NaN and infinities can. */
function numberOf(text: unknown): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return typeof text === 'string' && text !== '' ? Number(text) : Number.NaN;
}

function milliseconds(at: unknown, query: string): number {
  if (typeof at === 'number' && Number.isFinite(at)) return Math.round(at * 1000);
  throw cannotBeTrue('Prometheus answers with a sample without a time', query);
}

/** `{count, sum, buckets: [[rule, left, right, count], ...]}` */
function native(value: unknown, query: string): NativeHistogram {
  const { buckets = [] } = asRecord(value);
  if (!Array.isArray(buckets))
    throw cannotBeTrue('Prometheus answers with a histogram without buckets', query);
  return {
    buckets: buckets.map((bucket: unknown) => {
      const [, , right, count] = Array.isArray(bucket) ? (bucket as unknown[]) : [];
      return [numberOf(right), numberOf(count)] as const;
    }),
  };
}

const asRecord = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
