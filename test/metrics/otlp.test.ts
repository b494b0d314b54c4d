import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applicationName, environmentName, instanceId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { otlpSource } from '../../src/metrics/otlp/index.ts';
import { otlpSettings } from '../../src/metrics/otlp/schema.ts';
import { bucketOf, countFrom, type MetricArm } from '../../src/ports/metrics.ts';
import { metricSourceContract } from '../contracts/metric-source.ts';

const START = Date.UTC(2026, 10, 20, 12);
const CUMULATIVE = 2;
const DELTA = 1;

const query = {
  application: applicationName('shop'),
  environment: environmentName('production'),
  settings: otlpSettings.parse({ export_interval: 10_000 }),
};
const arm: MetricArm = {
  arm: 'canary',
  version: 'v2',
  revision: 'r' as MetricArm['revision'],
  instances: null,
};

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });
const nanos = (ms: number) => `${ms}000000`;

interface Point {
  readonly status: number;
  readonly count: number;
  readonly start: number;
  readonly at: number;
}

const exportOf = (
  points: readonly Point[],
  { temporality = CUMULATIVE, instance = 'one', histogram = {} } = {},
) => ({
  resourceMetrics: [
    {
      resource: {
        attributes: [
          text('service.name', 'shop'),
          text('service.version', 'v2'),
          text('service.instance.id', instance),
        ],
      },
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'http.server.request.duration',
              unit: 's',
              histogram: {
                aggregationTemporality: temporality,
                dataPoints: points.map(({ status, count, start, at }) => ({
                  attributes: [{ key: 'http.response.status_code', value: { intValue: String(status) } }],
                  startTimeUnixNano: nanos(start),
                  timeUnixNano: nanos(at),
                  count: String(count),
                  explicitBounds: [0.1, 0.5],
                  bucketCounts: [String(count), '0', '0'],
                })),
              },
              ...histogram,
            },
          ],
        },
      ],
    },
  ],
});

for (const [name, temporality] of [
  ['cumulative', CUMULATIVE],
  ['delta', DELTA],
] as const)
  metricSourceContract(`otlp, ${name}`, async () => {
    let [time, start] = [START, START];
    const source = otlpSource({ now: () => instant(time) });
    let counts = { 200: 0, 500: 0 };
    const rig = {
      source,
      query,
      arm,
      now: () => instant(time),
      serve: async (requests: number, errors: number) => {
        counts[200] += requests - errors;
        counts[500] += errors;
      },
      settle: async () => {
        time += 10_000;
        const points = Object.entries(counts).map(([status, count]) => ({
          status: Number(status),
          count,
          start,
          at: time,
        }));
        source.sink.accept('metrics', exportOf(points, { temporality }));
        if (temporality === DELTA) counts = { 200: 0, 500: 0 };
      },
      restart: async () => {
        counts = { 200: 0, 500: 0 };
        start = time + 1;
      },
      remove: async () => undefined,
    };
    if (temporality === DELTA) return rig;
    const lie = async () => {
      await rig.settle();
      counts[200] -= 3;
      await rig.settle();
    };
    return { ...rig, lie };
  });

describe('OpenTelemetry', () => {
  const windowOf = (
    source: ReturnType<typeof otlpSource>,
    to: number,
    more: Partial<MetricArm> = {},
    from = START,
  ) => source.window(query, { ...arm, ...more }, instant(from), instant(to));
  const sum = (found: Awaited<ReturnType<typeof windowOf>>) =>
    found.instances.reduce((all, one) => all + one.requests, 0);

  it('counts a replayed export once, and one that comes late as of now', async () => {
    const source = otlpSource({ now: () => instant(START + 40_000) });
    const send = (at: number, count: number) =>
      source.sink.accept(
        'metrics',
        exportOf([{ status: 200, count, start: at - 10_000, at }], { temporality: DELTA }),
      );
    for (let i = 0; i < 3; i++) send(START + 10_000, 7);
    send(START + 30_000, 5);
    const first = await windowOf(source, START + 30_000);
    assert.equal(sum(first), 12);
    send(START + 20_000, 100);
    send(START + 40_000, 1);
    assert.equal(sum(await windowOf(source, START + 30_000)), 12, 'what was said stays so');
    assert.equal(sum(await windowOf(source, START + 40_000, {}, first.watermark)), 101);
  });

  it('counts the first errors of an instance that it knows from 0', async () => {
    const source = otlpSource({ now: () => instant(START + 40_000) });
    const point = (status: number, count: number, at: number) => ({
      status,
      count,
      start: START - 60_000,
      at,
    });
    source.sink.accept('metrics', exportOf([point(200, 50, START + 10_000)]));
    source.sink.accept('metrics', exportOf([point(200, 60, START + 20_000), point(500, 4, START + 20_000)]));
    const [one] = (await windowOf(source, START + 20_000)).instances;
    assert.deepEqual([one?.requests, one?.errors], [14, 4]);
  });

  it('reads exponential histograms', async () => {
    const source = otlpSource({ now: () => instant(START + 40_000) });
    const point = { startTimeUnixNano: nanos(START), timeUnixNano: nanos(START + 10_000) };
    // Scale 0: bucket i ends at 2^(i+1) s; offset -4: 1/8, 1/4, 1/2 s.
    const positive = { offset: -4, bucketCounts: ['6', '0', '4'] };
    const exponentialHistogram = {
      aggregationTemporality: DELTA,
      dataPoints: [{ ...point, count: '10', scale: 0, zeroCount: '0', positive }],
    };
    source.sink.accept(
      'metrics',
      exportOf([], { histogram: { histogram: undefined, exponentialHistogram } }),
    );
    const [one] = (await windowOf(source, START + 10_000)).instances;
    assert.ok(one?.latency);
    assert.equal(countFrom(one.latency, 0), 10);
    assert.equal(countFrom(one.latency, bucketOf(250) + 1), 4);
    assert.equal(countFrom(one.latency, bucketOf(500) + 1), 0);
  });

  it('waits for all instances that ought to be there', async () => {
    const source = otlpSource({ now: () => instant(START + 40_000) });
    const send = (instance: string, at: number) =>
      source.sink.accept(
        'metrics',
        exportOf([{ status: 200, count: 5, start: START, at }], { temporality: DELTA, instance }),
      );
    send('one', START + 20_000);
    const both = { instances: ['one', 'two'].map(instanceId) };
    const found = await windowOf(source, START + 20_000, both);
    assert.equal(found.watermark, START);
    assert.match(found.notes.join(), /1 of 2 instances/);
    send('two', START + 10_000);
    assert.equal((await windowOf(source, START + 20_000, both)).watermark, START + 10_000);
  });

  it('stays small, whoever sends', () => {
    const source = otlpSource({ now: () => instant(START + 40_000) });
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 30_000; i++)
      source.sink.accept(
        'metrics',
        exportOf([{ status: i, count: i, start: START, at: START + i }], {
          temporality: DELTA,
          instance: `i${i}`,
        }),
      );
    assert.ok(process.memoryUsage().heapUsed - before < 150e6);
  });
});
