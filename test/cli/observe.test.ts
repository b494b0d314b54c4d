import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { after, before, describe, it, test, type TestContext } from 'node:test';
import { adapterSchemas } from '../../src/server/project.ts';
import { startMeasuredApp, type MeasuredApp } from '../support/measured-app.ts';
import { noPrometheus, SCRAPE_MS, startPrometheus, type RunningPrometheus } from '../support/prometheus.ts';
import { run, temporaryFolder, type RunOptions } from '../support/running-cli.ts';

const CONFIG = `
application: shop
target: { command: node server.js }
traffic: { listen: 8080 }
canary: { warm_up: 500ms, increment_steps: [10, 50, 100] }
`;

/** A folder with a policy, and what watches two versions from it; looks often. */
async function observer(t: TestContext) {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'spillway.yaml'), CONFIG);
  return (flags: readonly string[], options: RunOptions = {}) =>
    run(['observe', '--canary', 'v2', '--stable', 'v1', '--every', '100ms', ...flags], {
      commands: { adapterSchemas },
      ...options,
      io: { cwd, now: Date.now, ...options.io },
    });
}

interface Said {
  readonly type: string;
  readonly would?: string;
  readonly rule?: string;
  readonly reason?: string;
  readonly share?: number;
  readonly message?: string;
}

const lines = (out: string): Said[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Said);

/** Repeats until the test ends. */
function meanwhile(t: TestContext, everyMs: number, action: () => void): void {
  const timer = setInterval(action, everyMs);
  t.after(() => clearInterval(timer));
}

describe('observe beside a real Prometheus', { skip: noPrometheus ?? false }, () => {
  /** Of each application the stable version and the canary. */
  const apps = new Map<string, readonly [stable: MeasuredApp, canary: MeasuredApp]>();
  let prometheus: RunningPrometheus;
  before(async () => {
    for (const app of ['good', 'bad']) {
      const versions = ['v1', 'v2'].map((version) => startMeasuredApp({ app, version }));
      const [stable, canary] = await Promise.all(versions);
      if (stable !== undefined && canary !== undefined) apps.set(app, [stable, canary]);
    }
    const jobs = [...apps].map(([app, versions]) => [app, versions.map(({ address }) => address)] as const);
    for (const app of [...apps.values()].flat()) app.serve(1);
    prometheus = await startPrometheus(Object.fromEntries(jobs));
    // It begins to scrape up to five seconds after it says that it is ready.
    for (let tries = 0; tries < 100; tries++) {
      if ((await prometheus.query('http_requests_total')).length === 4) return;
      await pause(100);
    }
  });
  after(async () => {
    await Promise.all([...apps.values()].flat().map((app) => app.stop()));
    await prometheus.stop();
  });

  /** Both versions serve, the canary a tenth of it. */
  function rollout(t: TestContext, app: string, canaryFailures: number): void {
    const [stable, canary] = apps.get(app) ?? [];
    let served = 0;
    meanwhile(t, 50, () => {
      stable?.serve(180);
      canary?.serve(20);
      if (canaryFailures > 0 && served++ % 2 === 0) canary?.serve(canaryFailures, { failed: true });
    });
  }

  const counted = (app: string) => {
    const from = (metric: string, more = '') => `${metric}{app="${app}",version="{{version}}"${more}}`;
    const flags = {
      prometheus: prometheus.url,
      scrape: `${SCRAPE_MS}ms`,
      requests: from('http_requests_total'),
      errors: from('http_requests_total', ',code=~"5.."'),
      latency: from('http_request_duration_seconds_bucket'),
    };
    return Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
  };

  it('says that it would have gone on with a healthy release', async (t) => {
    const observe = await observer(t);
    rollout(t, 'good', 0);
    const { code, out, err } = await observe([...counted('good'), '--for', '4s']);
    assert.equal(code, 0, `${err}${out}`);
    assert.match(out, /^shop\/production {3}watching v2 beside v1; nothing is changed\n/);
    assert.match(out, /Z {2}\+\S+ {2}would wait at \d+% of the traffic: /);
    assert.match(
      out,
      /Z {2}\+\S+ {2}would go on to 100% at 10% of the traffic: no evidence of harm: errors 0%/,
    );
    assert.match(out, /at the end it would go on to 100%; 0 of the canary's [\d,]+ requests failed/);
  });

  it('says when it would have rolled a broken one back', async (t) => {
    const observe = await observer(t);
    rollout(t, 'bad', 60);
    const { code, out, err } = await observe([...counted('bad'), '--for', '1500ms', '-o', 'json']);
    assert.equal(code, 3, `${err}${out}`);
    const said = lines(out);
    assert.deepEqual(said[0]?.type, 'begin');
    const back = said.find(({ would }) => would === 'roll_back');
    assert.equal(back?.rule, 'dead-release');
    assert.match(back?.reason ?? '', /of the canary's first \d+ requests failed/);
    assert.equal(said.at(-1)?.type, 'end');
    assert.equal(said.at(-1)?.would, 'roll_back');
  });
});

/** Totals by version, as a proxy might tell them. */
async function totals(t: TestContext) {
  const counts: Record<string, { requests: number; errors: number }> = {
    v1: { requests: 1000, errors: 5 },
    v2: { requests: 0, errors: 0 },
  };
  let down = false;
  const server = createServer((request, response) => {
    response.statusCode = down ? 503 : 200;
    response.end(JSON.stringify(counts[request.url?.slice(1) ?? ''] ?? null));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{{version}}`,
    add: (version: string, requests: number, errors: number) => {
      const one = counts[version];
      if (one === undefined) return;
      one.requests += requests;
      one.errors += errors;
    },
    hang: (on: boolean) => {
      down = on;
    },
  };
}

test('observe takes counts as JSON, and goes on when they stay away for a while', async (t) => {
  const observe = await observer(t);
  const { url, add, hang } = await totals(t);
  let looks = 0;
  meanwhile(t, 50, () => {
    add('v1', 100, 0);
    add('v2', 20, 15);
    hang(looks > 8 && looks < 16);
    looks++;
  });
  const { code, out, err } = await observe(['--counts', url, '--for', '1500ms', '-o', 'json']);
  assert.equal(code, 3, `${err}${out}`);
  const said = lines(out);
  assert.equal(said.filter(({ type }) => type === 'no_answer').length, 1, out);
  const back = said.find(({ would }) => would === 'roll_back');
  // A tenth of a second apart, the two totals may be of different counts.
  assert.ok((back?.share ?? 0) > 5 && (back?.share ?? 0) < 60, `${back?.share}`);
});

test('observe says when the canary never had a request, and ends when it is interrupted', async (t) => {
  const observe = await observer(t);
  const { url } = await totals(t);
  const quiet = await observe(['--counts', url, '--for', '300ms']);
  assert.equal(quiet.code, 5);
  assert.match(quiet.out, /the canary had no requests\n$/);
  const interrupted = await observe(['--counts', url, '--for', '1h'], {
    io: { interrupted: AbortSignal.timeout(200) },
  });
  assert.equal(interrupted.code, 130);
});

test('observe counts as the configuration says where no flag does', async (t) => {
  const { url, add } = await totals(t);
  const cwd = await temporaryFolder(t);
  const metrics = `metrics: { type: http-json, url: '${url}', requests: /requests, errors: /errors }\n`;
  await writeFile(join(cwd, 'spillway.yaml'), CONFIG + metrics);
  meanwhile(t, 50, () => {
    add('v1', 100, 0);
    add('v2', 20, 15);
  });
  const flags = ['observe', '--canary', 'v2', '--stable', 'v1', '--every', '100ms', '--for', '700ms'];
  const { code, out, err } = await run(flags, { commands: { adapterSchemas }, io: { cwd, now: Date.now } });
  assert.equal(code, 3, `${err}${out}`);
});

test('observe needs one place to count from, and says what is wrong with a query', async (t) => {
  const observe = await observer(t);
  assert.match((await observe([])).err, /one place where versions are counted is needed/);
  const bad = await observe(['--prometheus', 'http://127.0.0.1:1', '--requests', 'rate(x[5m])']);
  assert.equal(bad.code, 2);
  assert.match(bad.err, /selector of counters/);
  assert.match(
    (await observe(['--counts', 'http://127.0.0.1:1', '--for', 'ever'])).err,
    /--for is a length of time/,
  );
});
