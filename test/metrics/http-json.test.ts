import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { applicationName, environmentName } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { httpJsonSource } from '../../src/metrics/http-json/index.ts';
import { httpJsonSettings } from '../../src/metrics/http-json/schema.ts';
import { bucketOf, countFrom, type MetricArm } from '../../src/ports/metrics.ts';
import { metricSourceContract } from '../contracts/metric-source.ts';
import { sendJson, startScripted, type Scripted } from './wrong/harness.ts';

const START = Date.UTC(2026, 10, 20, 12);
let time = START;
const clock = { now: () => instant(time) };

const arm: MetricArm = {
  arm: 'canary',
  version: 'v/2?',
  revision: 'sha256:2' as MetricArm['revision'],
  instances: null,
};
const queryOf = (settings: object) => ({
  application: applicationName('shop'),
  environment: environmentName('production'),
  settings: httpJsonSettings.parse(settings),
});

metricSourceContract('http-json', async () => {
  const server = await startScripted();
  const source = httpJsonSource({ clock, secrets: () => undefined });
  const totals = { requests: 0, errors: 0 };
  let url = `${server.url}/{{version}}`;
  server.answer = (request, _form, response) =>
    sendJson(response, request.url === '/v%2F2%3F' ? totals : { requests: 0, errors: 0 });
  const rig = {
    source,
    arm,
    get query() {
      return queryOf({ url, requests: '/requests', errors: '/errors', timeout: 2000 });
    },
    now: clock.now,
    serve: async (requests: number, errors: number) => {
      totals.requests += requests;
      totals.errors += errors;
    },
    // Totals are known by looking at them: three times before they are believed.
    settle: async () => {
      for (let i = 0; i < 3; i++) {
        time += 1000;
        await source.window(rig.query, arm, instant(time - 1), instant(time));
      }
    },
    restart: async () => {
      totals.requests = 0;
      totals.errors = 0;
    },
    lie: async () => {
      totals.errors = totals.requests + 1;
      time += 1000;
    },
    silence: async () => {
      url = 'http://127.0.0.1:1/{{version}}';
      time += 1000;
    },
    remove: () => server.stop(),
  };
  return rig;
});

describe('JSON over HTTP', () => {
  let server: Scripted;
  let asked: { url: string; authorization: string | undefined };
  let body: unknown;
  before(async () => {
    server = await startScripted();
    server.answer = (request, _form, response) => {
      asked = { url: request.url ?? '', authorization: request.headers.authorization };
      sendJson(response, body);
    };
  });
  after(() => server.stop());
  beforeEach(() => {
    time = START + 60_000;
  });

  const windowOf = (more: object) =>
    httpJsonSource({ clock, secrets: (name) => (name === 'TOKEN' ? 'secret' : undefined) }).window(
      queryOf({
        url: `${server.url}/{{app}}/{{version}}?from={{from}}&to={{to}}`,
        requests: '/n',
        errors: '/e',
        ...more,
      }),
      arm,
      instant(START),
      instant(START + 30_000),
    );

  it('asks for a window, with values that stay what they are and secrets in headers', async () => {
    body = { n: 200, e: 3 };
    const found = await windowOf({ headers: { authorization: 'Bearer ${TOKEN}' } });
    assert.equal(asked.url, `/shop/v%2F2%3F?from=${START}&to=${START + 30_000}`);
    assert.equal(asked.authorization, 'Bearer secret');
    assert.deepEqual(found.instances, [{ name: '', requests: 200, errors: 3, latency: null }]);
    assert.equal(found.watermark, START + 30_000);
  });

  it('reads what lies deep, under keys with slashes', async () => {
    body = { a: [{ 'x/y': 7 }], e: 0 };
    assert.equal((await windowOf({ requests: '/a/0/x~1y' })).instances[0]?.requests, 7);
  });

  it('takes buckets, exact at their bounds', async () => {
    body = { n: 100, e: 0, b: { '0.1': 90, '0.5': 98, '+Inf': 100 } };
    const [one] = (await windowOf({ latency: { buckets: '/b', cumulative: true }, latency_unit: 'seconds' }))
      .instances;
    assert.ok(one?.latency);
    assert.equal(countFrom(one.latency, bucketOf(100) + 1), 10);
    assert.equal(countFrom(one.latency, bucketOf(500) + 1), 2);
  });

  it('estimates from quantiles, where there are requests enough', async () => {
    const latency = { quantiles: { p50: '/p50', p95: '/p95', p99: '/p99' } };
    body = { n: 1000, e: 0, p50: 20, p95: 100, p99: 300 };
    const [one] = (await windowOf({ latency })).instances;
    assert.ok(one?.latency);
    assert.equal(countFrom(one.latency, 0), 1000);
    assert.equal(countFrom(one.latency, bucketOf(100) + 1), 50);
    assert.equal(countFrom(one.latency, bucketOf(20) + 1), 500);
    body = { n: 99, e: 0, p50: 20, p95: 100, p99: 300 };
    assert.equal((await windowOf({ latency })).instances[0]?.latency, null);
  });

  it('shows no secret of the address or the headers in errors', async () => {
    const url = 'http://user:${TOKEN}@127.0.0.1:1/x?key=${TOKEN}&v={{version}}';
    await assert.rejects(windowOf({ url }), (error: Error) => {
      assert.ok(!JSON.stringify([error.message, error]).includes('secret'));
      return /127\.0\.0\.1:1\/x cannot be asked/.test(error.message);
    });
  });
});
