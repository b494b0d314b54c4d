import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { applicationName, environmentName, instanceId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { prometheusSource } from '../../src/metrics/prometheus/index.ts';
import { prometheusSettings } from '../../src/metrics/prometheus/schema.ts';
import { bucketOf, countFrom, type MetricArm, type MetricQuery } from '../../src/ports/metrics.ts';
import { metricSourceContract } from '../contracts/metric-source.ts';
import { startMeasuredApp, type MeasuredApp } from '../support/measured-app.ts';
import { noPrometheus, SCRAPE_MS, startPrometheus, type RunningPrometheus } from '../support/prometheus.ts';
import { realSystem } from '../support/real-system.ts';

let prometheus: RunningPrometheus;
let versions = 0;

const source = prometheusSource({
  clock: realSystem,
  secrets: (name) => (name === 'PROMETHEUS_URL' ? prometheus.url : undefined),
});

const queryOf = (more: object = {}): MetricQuery => ({
  application: applicationName('shop'),
  environment: environmentName('production'),
  settings: prometheusSettings.parse({
    url: '${PROMETHEUS_URL}',
    requests: 'http_requests_total{app="{{app}}",version="{{version}}"}',
    errors: 'http_requests_total{app="{{app}}",version="{{version}}",code=~"5.."}',
    latency: 'http_request_duration_seconds_bucket{app="{{app}}",version="{{version}}"}',
    scrape_interval: SCRAPE_MS,
    ...more,
  }),
});

const armOf = (version: string, instances: readonly string[] | null = null): MetricArm => ({
  arm: 'canary',
  version,
  revision: `sha256:${version}` as MetricArm['revision'],
  instances: instances?.map(instanceId) ?? null,
});

/** Until Prometheus has scraped every instance of a version once more. */
async function scraped(version: string): Promise<void> {
  const began = Date.now();
  const last = `min(timestamp(http_requests_total{version=${JSON.stringify(version)}}))`;
  for (let tries = 0; tries < 500; tries++) {
    const [found] = await prometheus.query(last);
    if (Number(found?.value[1]) * 1000 > began) return;
    await wait(20);
  }
  throw new Error(`Prometheus has not scraped ${version}`);
}

/** Scraped from the start, so that no test waits until Prometheus has found it; each is taken once. */
const waiting: MeasuredApp[] = [];
const all: MeasuredApp[] = [];
/** Scraped by two jobs. */
let twice: MeasuredApp;

function appOf(version: string): MeasuredApp {
  const app = waiting.pop();
  assert.ok(app, 'more applications are needed');
  app.label({ app: 'shop', version });
  return app;
}

/** Until Prometheus has scraped so many instances of a version, often enough to be believed. */
async function known(version: string, instances = 1): Promise<void> {
  const count = `count(http_requests_total{version=${JSON.stringify(version)}})`;
  for (let tries = 0; tries < 500; tries++) {
    const [found] = await prometheus.query(count);
    if (Number(found?.value[1]) === instances) break;
    await wait(20);
  }
  for (let i = 0; i < 3; i++) await scraped(version);
}

const skip = noPrometheus ?? false;
before(async () => {
  if (skip !== false) return;
  for (let i = 0; i < 20; i++) all.push(await startMeasuredApp({}));
  twice = await startMeasuredApp({ app: 'shop', version: 'twice' });
  waiting.push(...all);
  const targets = all.map(({ address }) => address);
  prometheus = await startPrometheus({ test: [...targets, twice.address], again: [twice.address] });
});
after(async () => {
  if (skip !== false) return;
  await prometheus.stop();
  for (const app of [...all, twice]) await app.stop();
});

metricSourceContract(
  'prometheus',
  async () => {
    const version = `v${++versions}`;
    const app = appOf(version);
    app.serve(1);
    await known(version);
    let url = '${PROMETHEUS_URL}';
    return {
      source,
      get query() {
        return queryOf({ url });
      },
      arm: armOf(version),
      now: () => realSystem.now(),
      serve: async (requests, errors) => {
        app.serve(requests - errors);
        if (errors > 0) app.serve(errors, { failed: true });
      },
      settle: () => scraped(version),
      restart: async () => app.restart(),
      lie: async () => {
        const labels = `app="shop",version="${version}"`;
        app.say(`http_requests_total{${labels},code="200"} NaN\n`);
        await scraped(version);
      },
      silence: async () => {
        url = 'http://127.0.0.1:1';
      },
      remove: async () => app.label({}),
    };
  },
  { skip },
);

describe('a real Prometheus', { skip }, () => {
  /** An application that is known with its first requests. */
  async function begun(
    version: string,
  ): Promise<{ app: MeasuredApp; from: ReturnType<typeof realSystem.now> }> {
    const app = appOf(version);
    app.serve(1);
    await known(version);
    return { app, from: realSystem.now() };
  }
  const window = (
    version: string,
    from: ReturnType<typeof realSystem.now>,
    more: object = {},
    instances?: readonly string[],
  ) => source.window(queryOf(more), armOf(version, instances), from, realSystem.now());

  it('is asked for a version with a hostile name, and for no other', async () => {
    const hostile = 'v1"} or vector(1) # \\ \'`\n.*|{{version}}';
    const { app, from } = await begun(hostile);
    app.serve(30);
    await scraped(hostile);
    const [one] = (await window(hostile, from)).instances;
    assert.equal(one?.requests, 30);
    const byRegex = {
      requests: 'http_requests_total{version=~"{{version}}"}',
      errors: 'http_requests_total{version=~"{{version}}",code=~"5.."}',
    };
    assert.equal((await window(hostile, from, byRegex)).instances[0]?.requests, 30);
    assert.deepEqual((await window('.*', from, byRegex)).instances, []);
  });

  it('counts the first errors, whose series did not exist before them', async () => {
    const { app, from } = await begun('first-errors');
    app.serve(12, { failed: true });
    await scraped('first-errors');
    const [one] = (await window('first-errors', from)).instances;
    assert.deepEqual([one?.requests, one?.errors], [12, 12]);
  });

  it('gives classic buckets exactly at their bounds', async () => {
    const { app, from } = await begun('buckets');
    app.serve(90, { seconds: 0.08 });
    app.serve(9, { seconds: 0.3 });
    app.serve(1, { seconds: 5 });
    await scraped('buckets');
    const [one] = (await window('buckets', from)).instances;
    assert.ok(one?.latency);
    assert.equal(countFrom(one.latency, 0), 100);
    assert.equal(countFrom(one.latency, bucketOf(100) + 1), 10, 'slower than 100 ms');
    assert.equal(countFrom(one.latency, bucketOf(500) + 1), 1, 'slower than 500 ms');
  });

  it('waits for an instance that is not scraped in time, and not for one that is gone', async () => {
    const [one, two] = [appOf('late'), appOf('late')];
    for (const app of [one, two]) app.serve(1);
    await known('late', 2);
    const from = realSystem.now();
    two.hang(true);
    one.serve(10);
    await known('late', 1);
    const expecting = await window('late', from, {}, ['a', 'b']);
    assert.equal(expecting.watermark, from);
    assert.match(expecting.notes.join(), /1 of 2 instances/);
    const gone = await window('late', from, {}, ['a']);
    assert.equal(gone.instances.find(({ name }) => name === one.address)?.requests, 10);
    assert.ok(gone.watermark > from);
  });

  it('refuses an instance that is scraped twice', async () => {
    twice.serve(1);
    await known('twice', 2);
    await assert.rejects(window('twice', instant(realSystem.now() - 400)), /counted more than once: job is/);
  });

  it('says which query is wrong', async () => {
    const { from } = await begun('wrong');
    await assert.rejects(
      window('wrong', from, { errors: 'no_such_metric{version="{{version}}"}' }),
      /no metric no_such_metric/,
    );
    await assert.rejects(
      window('wrong', from, { errors: 'http_requests_total{version="{{version}}",status=~"5.."}' }),
      /no series of http_requests_total has the label status/,
    );
    const bad = {
      requests: 'sum(increase(http_requests_total[{{window}}]',
      errors: 'x[{{window}}]',
      latency: null,
      step: 1000,
    };
    await wait(1500);
    await assert.rejects(window('wrong', instant(from - 5000), bad), { code: 'config_invalid' });
  });

  it('estimates by expressions, in whole steps', async () => {
    const { app, from } = await begun('expressions');
    const more = {
      requests: 'sum(increase(http_requests_total{version="{{version}}"}[{{window}}]))',
      errors: 'sum(increase(http_requests_total{version="{{version}}",code="500"}[{{window}}])) or vector(0)',
      latency:
        'sum by (le) (increase(http_request_duration_seconds_bucket{version="{{version}}"}[{{window}}]))',
      step: 1000,
    };
    for (let i = 0; i < 20; i++) {
      app.serve(10);
      await wait(100);
    }
    await wait(1500);
    const found = await window('expressions', from, more);
    const [one] = found.instances;
    assert.ok(one && one.requests > 100 && one.requests < 300, `${one?.requests} of 200 requests`);
    assert.equal(found.watermark % 1000, 0);
    assert.match(found.notes.join(), /estimates/);
  });
});
