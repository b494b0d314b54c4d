import type { ServerResponse } from 'node:http';
import type { JsonObject } from '../../../src/core/json.ts';
import { prometheusSource } from '../../../src/metrics/prometheus/index.ts';
import { prometheusSettings } from '../../../src/metrics/prometheus/schema.ts';
import {
  clock,
  sendJson,
  START,
  totalsAt,
  VERSIONS,
  type Scripted,
  type Shape,
  type Side,
} from './harness.ts';

const SCRAPE_MS = 10_000;
const BOUNDS = ['0.1', '0.5', '+Inf'];

interface Series {
  metric: Record<string, string>;
  values: Array<[number, string]>;
}

interface Asked {
  readonly side: Side;
  readonly what: 'requests' | 'errors' | 'latency' | 'other';
  /** The raw samples, or only what is current. */
  readonly raw: boolean;
}

type Value = (side: Side, what: Asked['what'], at: number, scrape: number) => number | string;

/** As Prometheus would answer if all were well: two instances a side, scraped every 10 s. */
function answerOf({ side, what }: Asked, end: number, value: Value): Series[] {
  if (what === 'other') return [];
  const times: number[] = [];
  for (let at = START - 300_000 + 3000; at <= end; at += SCRAPE_MS) times.push(at);
  return [0, 1].flatMap((instance) =>
    (what === 'latency' ? BOUNDS : [undefined]).map((le) => ({
      metric: {
        __name__: what,
        job: 'shop',
        instance: `10.0.0.${instance}:80`,
        version: VERSIONS[side],
        ...(le === undefined ? {} : { le }),
      },
      values: times.map((at, scrape): [number, string] => [at / 1000, String(value(side, what, at, scrape))]),
    })),
  );
}

const honest: Value = (side, what, at) => {
  const totals = totalsAt(side, at);
  return Math.floor((what === 'errors' ? totals.errors : totals.requests) / 2);
};

interface Wrong {
  /** Instead of the true value. */
  readonly value?: Value;
  readonly change?: (series: Series[], asked: Asked) => Series[];
  /** Instead of an answer of Prometheus. */
  readonly respond?: (response: ServerResponse) => void;
  readonly body?: (result: Series[]) => unknown;
  readonly settings?: JsonObject;
}

const SETTINGS = {
  requests: 'requests{version="{{version}}"}',
  errors: 'errors{version="{{version}}"}',
  latency: 'latency_bucket{version="{{version}}"}',
  scrape_interval: SCRAPE_MS,
  timeout: 150,
};

const open =
  ({ value = honest, change = (series) => series, respond, body, settings }: Wrong) =>
  (server: Scripted) => {
    server.answer = (_request, form, response) => {
      if (respond !== undefined) return respond(response);
      const query = form.get('query') ?? '';
      const [, found] = /(?<!\w)(requests|errors|latency)(?:_bucket)?\{/.exec(query) ?? [];
      const what = query.includes('status') ? 'errors' : ((found ?? 'other') as Asked['what']);
      const asked = {
        side: query.includes('v2') ? 'canary' : 'baseline',
        what,
        raw: query.includes('['),
      } as const;
      const series = change(
        answerOf(asked, Number(form.get('time') ?? form.get('end')) * 1000, value),
        asked,
      );
      const data = asked.raw
        ? { resultType: 'matrix', result: series }
        : {
            resultType: 'vector',
            result: series.map(({ metric, values }) => ({ metric, value: values.at(-1) })),
          };
      return sendJson(response, body?.(series) ?? { status: 'success', data });
    };
    return {
      source: prometheusSource({ clock, secrets: () => undefined }),
      settings: prometheusSettings.parse({ ...SETTINGS, url: server.url, ...settings }) as JsonObject,
    };
  };

/** All is well: what every other shape is measured against. */
export const healthy = { open: open({}) };

const canaryOnly =
  (what: Asked['what'] | 'all', wrong: Value): Value =>
  (side, asked, at, scrape) =>
    side === 'canary' && (what === 'all' || asked === what)
      ? wrong(side, asked, at, scrape)
      : honest(side, asked, at, scrape);

const shape = (name: string, reason: RegExp, wrong: Wrong): Shape => ({
  name: `Prometheus: ${name}`,
  reason,
  open: open(wrong),
});

const status = (code: number, body: unknown) => (response: ServerResponse) => sendJson(response, body, code);
const expressions = {
  requests: 'sum(increase(requests{version="{{version}}"}[{{window}}]))',
  errors: 'sum(increase(errors{version="{{version}}"}[{{window}}]))',
  latency: null,
};

/** An answer to range queries of expressions. */
const byExpression = (value: (what: 'requests' | 'errors') => string): Wrong => ({
  settings: { ...expressions, step: 10_000 },
  body: (series) => {
    const what = series[0]?.metric['__name__'] === 'errors' ? 'errors' : 'requests';
    const values = Array.from({ length: 60 }, (_, i) => [START / 1000 + 10 * i, value(what)]);
    return { status: 'success', data: { resultType: 'matrix', result: [{ metric: {}, values }] } };
  },
});

export const prometheusShapes: readonly Shape[] = [
  shape('no series of the canary', /canary: no series matches requests\{version="v2"\}/, {
    change: (series, { side }) => (side === 'canary' ? [] : series),
  }),
  shape('no series of stable', /stable: no series matches/, {
    change: (series, { side }) => (side === 'baseline' ? [] : series),
  }),
  shape('no series at all', /canary: no series matches.*stable: no series matches/, { change: () => [] }),
  shape('nobody listens', /cannot be asked/, { settings: { url: 'http://127.0.0.1:1' } }),
  shape('answers 503', /Prometheus answers 503: starting up/, {
    respond: status(503, { status: 'error', error: 'starting up' }),
  }),
  shape('asks for a password', /Prometheus answers 401/, { respond: status(401, {}) }),
  shape('a login page instead of an answer', /does not answer with JSON/, {
    respond: (response) => response.end('<html>Sign in</html>'),
  }),
  shape('sends on to another host', /points elsewhere/, {
    respond: (response) => response.writeHead(302, { location: 'http://metrics.example/api' }).end(),
  }),
  shape('does not answer', /did not answer within 150 ms/, { respond: () => undefined }),
  shape('an answer that is cut off', /does not answer with JSON/, {
    respond: (response) => response.end('{"status":"success","data":{"resultType":"mat'),
  }),
  shape('only a part of the answer', /only a part of the answer: store 2 is down/, {
    body: (result) => ({
      status: 'success',
      warnings: ['store 2 is down'],
      data: { resultType: 'matrix', result },
    }),
  }),
  shape('a query that it refuses', /Prometheus answers 422: too many samples/, {
    respond: status(422, { status: 'error', error: 'too many samples' }),
  }),
  shape('a number instead of series', /"scalar" instead of series/, {
    body: () => ({ status: 'success', data: { resultType: 'scalar', result: [1, '5'] } }),
  }),
  shape('NaN', /is NaN, which is no count/, { value: canaryOnly('requests', () => 'NaN') }),
  shape('infinity', /is Infinity, which is no count/, { value: canaryOnly('errors', () => '+Inf') }),
  shape('negative counts', /is -5, which is no count/, { value: canaryOnly('errors', () => -5) }),
  shape('halves of requests', /is 0\.5, which is no count/, { value: canaryOnly('requests', () => 0.5) }),
  shape('errors that are all of the requests', /requests of stable are counted as errors/, {
    value: (side, _what, at, scrape) => honest(side, 'requests', at, scrape),
  }),
  shape('more errors than requests', /errors in \d+ requests/, {
    value: canaryOnly('errors', (side, _, at) => totalsAt(side, at).requests),
  }),
  shape('errors where there are no requests', /errors or latencies of 10\.0\.0\.9:80 and no requests/, {
    change: (series, { side, what }) =>
      side === 'canary' && what === 'errors'
        ? series.map((one) => ({ ...one, metric: { ...one.metric, instance: '10.0.0.9:80' } }))
        : series,
  }),
  shape('scrapes that ended an hour ago', /canary: no series matches|0 s old/, {
    change: (series, { side, raw }) =>
      side === 'baseline'
        ? series
        : raw
          ? series.map((one) => ({ ...one, values: one.values.slice(0, 5) }))
          : [],
  }),
  shape('one of two instances', /canary: 1 of 2 instances are in Prometheus/, {
    change: (series, { side }) =>
      side === 'canary' ? series.filter(({ metric }) => metric['instance'] === '10.0.0.0:80') : series,
  }),
  shape(
    'one instance that is scraped no more, though it is there',
    /canary: the last scrape of 10\.0\.0\.1:80 is \d+ s old/,
    {
      change: (series, { side }) =>
        series.map((one) => ({
          ...one,
          values:
            side === 'canary' && one.metric['instance'] === '10.0.0.1:80'
              ? one.values.slice(0, 29)
              : one.values,
        })),
    },
  ),
  shape('several processes behind one address', /several processes answer under one address/, {
    value: canaryOnly(
      'all',
      (side, what, at, scrape) => (Number(honest(side, what, at, scrape)) / (scrape % 2 === 0 ? 1 : 4)) | 0,
    ),
  }),
  shape('counters that go back now and then', /several processes answer|no restart explains/, {
    value: canaryOnly('all', (side, what, at, scrape) =>
      Number(honest(side, what, at - (scrape % 3 === 2 ? 40_000 : 0), scrape)),
    ),
  }),
  shape('errors that are counted anew at each scrape', /went back while its requests did not/, {
    value: canaryOnly('errors', (_side, _what, _at, scrape) => 30 + ((scrape * 7) % 11)),
  }),
  shape('an instance that two jobs scrape', /counted more than once: job is shop and other/, {
    change: (series, { side }) =>
      side === 'canary'
        ? [...series, ...series.map((one) => ({ ...one, metric: { ...one.metric, job: 'other' } }))]
        : series,
  }),
  shape('a replica that says it all again', /counted more than once: replica/, {
    change: (series, { side }) =>
      side === 'canary'
        ? [...series, ...series.map((one) => ({ ...one, metric: { ...one.metric, replica: 'b' } }))]
        : series,
  }),
  shape('a metric of errors that does not exist', /no metric errors_of_no_app/, {
    settings: { errors: 'errors_of_no_app{version="{{version}}"}' },
    change: (series, { what }) => (what === 'errors' ? [] : series),
  }),
  shape('a label of errors that does not exist', /no series of requests has the label status/, {
    settings: { errors: 'requests{version="{{version}}",status=~"5.."}' },
    change: (series, { what }) => (what === 'errors' ? [] : series),
  }),
  shape('no latencies', /no latencies/, { change: (series, { what }) => (what === 'latency' ? [] : series) }),
  shape('more answers within less time', /but \d+ within a shorter time/, {
    change: (series, { what }) =>
      what === 'latency'
        ? series.map((one) => ({
            ...one,
            values: one.values.map(([at, n]) => [at, one.metric['le'] === '0.5' ? '1' : n]),
          }))
        : series,
  }),
  shape('a histogram without its last bucket', /no bucket without a bound/, {
    change: (series, { what }) =>
      what === 'latency' ? series.filter(({ metric }) => metric['le'] !== '+Inf') : series,
  }),
  shape('latencies of other requests', /latencies in \d+ requests.*not of the same/, {
    value: (side, what, at, scrape) => Number(honest(side, what, at, scrape)) * (what === 'latency' ? 10 : 1),
  }),
  shape('a sum where a histogram should be', /without the bound of a bucket/, {
    change: (series, { what }) =>
      what === 'latency'
        ? series.map(({ metric: { le: _le, ...metric }, values }) => ({ metric, values }))
        : series,
  }),
  shape('errors of other scrapes than requests', /not of the same scrapes/, {
    change: (series, { what }) =>
      what === 'errors'
        ? series.map((one) => ({ ...one, values: one.values.map(([at, n]) => [at - 2, n]) }))
        : series,
  }),
  shape("the canary's counters stand still", /the canary had no requests/, {
    value: canaryOnly('all', () => 1000),
  }),
  shape("stable's counters stand still", /stable had no requests/, {
    value: (side, what, at, scrape) => (side === 'baseline' ? 1000 : honest(side, what, at, scrape)),
  }),
  shape('samples of an hour later', /the canary had no requests/, {
    change: (series) =>
      series.map((one) => ({ ...one, values: one.values.map(([at, n]) => [at + 3600, n]) })),
  }),
  shape('samples of an hour before', /the last scrape of .* is \d+ s old/, {
    change: (series) =>
      series.map((one) => ({ ...one, values: one.values.map(([at, n]) => [at - 3600, n]) })),
  }),
  shape(
    'an expression that divides by zero',
    /the number of requests is NaN/,
    byExpression(() => 'NaN'),
  ),
  shape(
    'an expression with more errors than requests',
    /errors in \d+ requests/,
    byExpression((what) => (what === 'errors' ? '90' : '80')),
  ),
  shape('an expression without data', /no data of the last steps/, {
    settings: { ...expressions, step: 10_000 },
    body: () => ({ status: 'success', data: { resultType: 'matrix', result: [] } }),
  }),
];
