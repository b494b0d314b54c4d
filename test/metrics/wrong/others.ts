import type { JsonObject } from '../../../src/core/json.ts';
import { httpJsonSource } from '../../../src/metrics/http-json/index.ts';
import { httpJsonSettings } from '../../../src/metrics/http-json/schema.ts';
import { otlpSource } from '../../../src/metrics/otlp/index.ts';
import { otlpSettings } from '../../../src/metrics/otlp/schema.ts';
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

type Totals = ReturnType<typeof totalsAt>;

/** JSON over HTTP: totals, unless the settings ask for windows. */
const json = (
  name: string,
  reason: RegExp,
  answer: (side: Side, totals: Totals, look: number) => unknown,
  settings: JsonObject = {},
): Shape => ({
  name: `JSON: ${name}`,
  reason,
  open: (server: Scripted) => {
    server.answer = (request, _form, response) => {
      const side = request.url?.includes('v2') ? 'canary' : 'baseline';
      sendJson(response, answer(side, totalsAt(side, clock.time), Math.round((clock.time - START) / 10_000)));
    };
    const own = {
      url: `${server.url}/counts/{{version}}`,
      requests: '/requests',
      errors: '/errors',
      timeout: 150,
    };
    return {
      source: httpJsonSource({ clock, secrets: () => undefined }),
      settings: httpJsonSettings.parse({ ...own, ...settings }) as JsonObject,
    };
  },
});

export const healthyJson = json('', /./, (_side, totals) => totals);

const windows = (server: Scripted) => ({ url: `${server.url}/counts/{{version}}?from={{from}}&to={{to}}` });

export const jsonShapes: readonly Shape[] = [
  json('what is pointed at is missing', /what stands at \/requests is missing/, () => ({})),
  json('texts instead of numbers', /is "\d+", which is no count/, (_s, { requests, errors }) => ({
    requests: String(requests),
    errors,
  })),
  json('null', /is null, which is no count/, (_s, { requests }) => ({ requests, errors: null })),
  json('totals that go back', /several processes|no restart explains/, (side, totals, look) =>
    side === 'canary' && look % 2 === 0
      ? { requests: totals.requests - 900, errors: totals.errors - 3 }
      : totals,
  ),
  json(
    'counts of the last minute instead of totals',
    /several processes|no restart explains/,
    (_s, _t, look) => ({
      requests: 3000 + ((look * 37) % 91),
      errors: 15,
    }),
  ),
  json('errors in no requests', /\d+ errors in 0 requests/, (side, totals, look) =>
    side === 'canary' ? { requests: 10, errors: Math.min(10, look) } : totals,
  ),
  json('a list', /no JSON object|missing/, () => []),
  json('more than is read', /more than 1048576 bytes/, (_s, totals) => ({
    ...totals,
    filler: 'x'.repeat(1_100_000),
  })),
  json(
    'an answer that is an hour old',
    /the answer is 36\d\d s old/,
    (_s, totals) => ({ ...totals, at: clock.time - 3_600_000 }),
    { at: '/at' },
  ),
  json('no time in it', /what stands at \/at is no time/, (_s, totals) => ({ ...totals, at: 'yesterday' }), {
    at: '/at',
  }),
  {
    ...json('quantiles', /less than a smaller quantile/, () => ({
      requests: 500,
      errors: 1,
      p50: 90,
      p95: 20,
    })),
    name: 'JSON: quantiles that fall',
    open: (server) => {
      const latency = { quantiles: { p50: '/p50', p95: '/p95' } };
      const answer = () => ({ requests: 500, errors: 1, p50: 90, p95: 20 });
      return json('', /./, answer, { ...windows(server), latency }).open(server);
    },
  },
];

/** An export of a histogram of one instance. */
function point(
  side: Side,
  instance: number,
  at: number,
  more: { count?: number; buckets?: number[]; start?: number; temporality?: number } = {},
) {
  const { requests } = totalsAt(side, at);
  const count = more.count ?? Math.floor(requests / 2);
  const time = (ms: number) => `${ms}000000`;
  return {
    resource: {
      attributes: Object.entries({
        'service.name': 'shop',
        'service.version': VERSIONS[side],
        'service.instance.id': `${side}-${instance}`,
      }).map(([key, text]) => ({ key, value: { stringValue: text } })),
    },
    scopeMetrics: [
      {
        metrics: [
          {
            name: 'http.server.request.duration',
            unit: 's',
            histogram: {
              aggregationTemporality: more.temporality ?? 2,
              dataPoints: [
                {
                  attributes: [{ key: 'http.response.status_code', value: { intValue: '200' } }],
                  startTimeUnixNano: time(more.start ?? START - 3_600_000),
                  timeUnixNano: time(at),
                  count: String(count),
                  explicitBounds: [0.1],
                  bucketCounts: more.buckets?.map(String) ?? [String(count), '0'],
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

type Export = ReturnType<typeof point>;

const otlp = (name: string, reason: RegExp, exports: (at: number) => readonly Export[]): Shape => ({
  name: `OTLP: ${name}`,
  reason,
  open: () => {
    const source = otlpSource(clock);
    const tell = () => source.sink.accept('metrics', { resourceMetrics: exports(clock.time) });
    return { source, tell, settings: otlpSettings.parse({ export_interval: 10_000 }) as JsonObject };
  },
});

const all = (
  at: number,
  change: (side: Side, instance: number) => Export | undefined = (side, i) => point(side, i, at),
) => (['canary', 'baseline'] as const).flatMap((side) => [0, 1].flatMap((i) => change(side, i) ?? []));

export const healthyOtlp = otlp('', /./, (at) => all(at));

const ofCanary = (at: number, canary: (instance: number) => Export | undefined) =>
  all(at, (side, i) => (side === 'canary' ? canary(i) : point(side, i, at)));

export const otlpShapes: readonly Shape[] = [
  otlp('nothing is posted', /nothing was posted lately for service\.name shop/, () => []),
  otlp('only stable posts', /canary: nothing was posted lately for .* service\.version v2/, (at) =>
    ofCanary(at, () => undefined),
  ),
  otlp('one of two instances posts', /canary: 1 of 2 instances post/, (at) =>
    ofCanary(at, (i) => (i === 0 ? point('canary', 0, at) : undefined)),
  ),
  otlp('counters that go back', /have gone back although/, (at) =>
    ofCanary(at, (i) => point('canary', i, at, { count: 100_000 - Math.floor((at - START) / 1000) })),
  ),
  otlp('the same export again and again', /nothing was posted lately|the canary had no requests/, (at) =>
    ofCanary(at, (i) => point('canary', i, START + 10_000, { temporality: 1, count: 5000 })),
  ),
  otlp('buckets that do not add up', /nothing was posted lately/, (at) =>
    ofCanary(at, (i) => point('canary', i, at, { buckets: [7, 0] })),
  ),
  otlp('times in the future', /nothing was posted lately/, (at) =>
    ofCanary(at, (i) => point('canary', i, at + 3_600_000)),
  ),
  otlp('no temporality', /nothing was posted lately/, (at) =>
    ofCanary(at, (i) => point('canary', i, at, { temporality: 0 })),
  ),
];
