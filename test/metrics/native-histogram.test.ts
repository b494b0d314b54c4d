import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it, type TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { applicationName, environmentName } from '../../src/core/ids.ts';
import { prometheusSource } from '../../src/metrics/prometheus/index.ts';
import { prometheusSettings } from '../../src/metrics/prometheus/schema.ts';
import { bucketOf, countFrom, type MetricArm } from '../../src/ports/metrics.ts';
import { noPrometheus, prometheusVersion, SCRAPE_MS, startPrometheus } from '../support/prometheus.ts';
import { realSystem } from '../support/real-system.ts';

// Native histograms come in Protobuf only; this much of io.prometheus.client is written here.
const varint = (n: bigint): number[] =>
  n < 128n ? [Number(n)] : [Number(n & 127n) | 128, ...varint(n >> 7n)];
const whole = (field: number, n: number) => [...varint(BigInt(field << 3)), ...varint(BigInt(n))];
const signed = (field: number, n: number) => whole(field, n < 0 ? -2 * n - 1 : 2 * n);
const double = (field: number, n: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(n);
  return [(field << 3) | 1, ...bytes];
};
const message = (field: number, bytes: readonly number[]) => [
  (field << 3) | 2,
  ...varint(BigInt(bytes.length)),
  ...bytes,
];
const text = (field: number, value: string) => message(field, [...Buffer.from(value)]);

const HISTOGRAM = 4;
const COUNTER = 0;
/** Buckets of schema 3 end at 2^(i / 8): 80 ms lies in bucket -29, 300 ms in bucket -13. */
const [FAST, SLOW] = [-29, -13];

function exposition(fast: number, slow: number): Uint8Array {
  const label = message(1, [...text(1, 'version'), ...text(2, 'v2')]);
  const span = (offset: number) => message(12, [...signed(1, offset), ...whole(2, 1)]);
  const histogram = [
    ...whole(1, fast + slow),
    ...double(2, fast * 0.08 + slow * 0.3),
    ...signed(5, 3),
    ...double(6, 1e-9),
    ...whole(7, 0),
    ...span(FAST),
    ...span(SLOW - FAST - 1),
    ...signed(13, fast),
    ...signed(13, slow - fast),
  ];
  const family = (name: string, type: number, metric: readonly number[]) => {
    const bytes = [...text(1, name), ...whole(3, type), ...message(4, [...label, ...metric])];
    return [...varint(BigInt(bytes.length)), ...bytes];
  };
  return Uint8Array.from([
    ...family('requests_total', COUNTER, message(3, double(1, fast + slow))),
    ...family('errors_total', COUNTER, message(3, double(1, 0))),
    ...family('duration_seconds', HISTOGRAM, message(7, histogram)),
  ]);
}

const lacks = noPrometheus ?? (/^2\.[0-3]\d\./.test(prometheusVersion ?? '') && 'this Prometheus has none');

it(
  'native histograms of a real Prometheus are exact at the bounds of their buckets',
  { skip: lacks },
  async (t: TestContext) => {
    let served = { fast: 1, slow: 0 };
    const type =
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';
    const app = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': type }).end(exposition(served.fast, served.slow)),
    );
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    t.after(() => {
      app.closeAllConnections();
      app.close();
    });
    const address = `127.0.0.1:${(app.address() as AddressInfo).port}`;
    const prometheus = await startPrometheus({ test: [address] }, '--enable-feature=native-histograms');
    t.after(() => prometheus.stop());
    for (let tries = 0; tries < 100 && (await prometheus.query('requests_total')).length === 0; tries++)
      await wait(100);
    await wait(3 * SCRAPE_MS);

    const from = realSystem.now();
    served = { fast: 91, slow: 10 };
    await wait(5 * SCRAPE_MS);
    const query = {
      application: applicationName('shop'),
      environment: environmentName('production'),
      settings: prometheusSettings.parse({
        url: prometheus.url,
        requests: 'requests_total{version="{{version}}"}',
        errors: 'errors_total{version="{{version}}"}',
        latency: 'duration_seconds{version="{{version}}"}',
        scrape_interval: SCRAPE_MS,
      }),
    };
    const arm: MetricArm = {
      arm: 'canary',
      version: 'v2',
      revision: 'r' as MetricArm['revision'],
      instances: null,
    };
    const source = prometheusSource({ clock: realSystem, secrets: () => undefined });
    const found = await source.window(query, arm, from, realSystem.now());
    const [one] = found.instances;
    assert.equal(one?.requests, 100, found.notes.join());
    assert.ok(one.latency);
    assert.equal(countFrom(one.latency, 0), 100);
    assert.equal(countFrom(one.latency, bucketOf(2 ** (FAST / 8) * 1000) + 1), 10);
    assert.equal(countFrom(one.latency, bucketOf(2 ** (SLOW / 8) * 1000)), 10);
    assert.equal(countFrom(one.latency, bucketOf(2 ** (SLOW / 8) * 1000) + 1), 0);
  },
);
