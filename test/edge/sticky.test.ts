import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { test, type TestContext } from 'node:test';
import { newVisitorId } from '../../src/edge/draw.ts';
import { bucketOf } from '../../src/judge/histogram.ts';
import { application, ask, ROUTE, runEdge, type RunningEdge } from './parts.ts';

const STICKY = { sticky: { by: 'cookie', name: 'spillway' } } as const;

interface Split {
  readonly edge: RunningEdge;
  /** Gives the canary and the baseline their shares. */
  readonly split: (canary: number, baseline?: number, rollout?: string) => Promise<void>;
  /** @returns which arm answered */
  readonly visit: (cookie?: string) => Promise<string>;
}

async function threeArms(t: TestContext, sticky: object, status = 200): Promise<Split> {
  const ports = [];
  for (const arm of ['stable', 'canary', 'baseline']) {
    ports.push(await application(t, (_, res) => res.writeHead(status).end(arm)));
  }
  const [stable = 0, canaryPort = 0, baselinePort = 0] = ports;
  const edge = await runEdge(t);
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  return {
    edge,
    split: (canary, baseline = 0, rollout = 'rollout-1') =>
      edge.set(
        [
          { arm: 'stable', percent: 100 - canary - baseline, ports: [stable] },
          { arm: 'canary', percent: canary, ports: [canaryPort] },
          { arm: 'baseline', percent: baseline, ports: [baselinePort] },
        ],
        { rollout, ...sticky },
      ),
    visit: async (cookie) =>
      (await ask(edge.port(), { agent, headers: cookie === undefined ? {} : { cookie } })).body,
  };
}

async function tally(visits: number, visit: (i: number) => Promise<string>): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < visits; i++) {
    const arm = await visit(i);
    counts[arm] = (counts[arm] ?? 0) + 1;
  }
  return counts;
}

test('weights split the requests: each share lies within 4.5 standard deviations', async (t) => {
  const { split, visit, edge } = await threeArms(t, { sticky: { by: 'none' } });
  await split(30, 10);
  const visits = 3000;
  const counts = await tally(visits, () => visit());
  for (const [arm, share] of [
    ['stable', 0.6],
    ['canary', 0.3],
    ['baseline', 0.1],
  ] as const) {
    const deviation = Math.abs((counts[arm] ?? 0) - share * visits) / Math.sqrt(visits * share * (1 - share));
    assert.ok(
      deviation < 4.5,
      `${arm}: ${counts[arm]} of ${visits}, ${deviation.toFixed(1)} standard deviations off`,
    );
    assert.equal(edge.count(`${arm}-0`).requests, counts[arm]);
  }
});

test('0% is nobody and 100% is everybody', async (t) => {
  const { split, visit } = await threeArms(t, { sticky: { by: 'none' } });
  await split(0);
  assert.deepEqual(await tally(300, () => visit()), { stable: 300 });
  await split(100);
  assert.deepEqual(await tally(300, () => visit()), { canary: 300 });
});

test('the first answer sets a visitor’s cookie, and no later one does', async (t) => {
  const { split, edge } = await threeArms(t, STICKY);
  await split(50);
  const first = await ask(edge.port());
  const cookie = String(first.headers['set-cookie']);
  assert.match(cookie, /^spillway=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
  const later = await ask(edge.port(), { headers: { cookie: cookie.split(';')[0] ?? '' } });
  assert.equal(later.headers['set-cookie'], undefined);
  assert.equal(later.body, first.body);
});

test('an instance’s own cookies are kept beside the visitor’s', async (t) => {
  const port = await application(t, (_, res) => res.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end());
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [port] }], STICKY);
  assert.equal((await ask(edge.port())).headers['set-cookie']?.length, 3);
});

test('while weights grow a visitor changes version once, forward; back only by rollback', async (t) => {
  const { split, visit } = await threeArms(t, STICKY);
  const cookies = Array.from({ length: 120 }, () => `spillway=${newVisitorId()}`);
  const before = new Map<string, string>();
  let onCanary = 0;
  for (const [canary, baseline] of [
    [0, 0],
    [1, 1],
    [10, 10],
    [25, 25],
    [50, 50],
  ] as const) {
    await split(canary, baseline);
    const now = await tally(cookies.length, async (i) => {
      const cookie = cookies[i] ?? '';
      const arm = await visit(cookie);
      const was = before.get(cookie) ?? 'stable';
      assert.ok(was === 'stable' || was === arm, `${cookie} went from ${was} to ${arm} at ${canary}%`);
      before.set(cookie, arm);
      return arm;
    });
    assert.ok((now['canary'] ?? 0) >= onCanary);
    onCanary = now['canary'] ?? 0;
  }
  assert.ok(onCanary > 30, `${onCanary} of 120 visitors on a canary of 50%`);
  await split(0);
  assert.deepEqual(await tally(cookies.length, (i) => visit(cookies[i])), { stable: 120 });
});

test('a visitor’s errors count once in a rollout; requests without a cookie count each', async (t) => {
  const { split, visit, edge } = await threeArms(t, STICKY, 500);
  await split(0);
  const cookies = ['0000000000000001', '0000000000000002'].map((id) => `spillway=${id}`);
  for (let i = 0; i < 5; i++) for (const cookie of cookies) await visit(cookie);
  const figures = () => {
    const { requests, errors, visitorErrors } = edge.count('stable-0');
    return { requests, errors, visitorErrors };
  };
  assert.deepEqual(figures(), { requests: 10, errors: 10, visitorErrors: 2 });
  for (let i = 0; i < 3; i++) await visit();
  assert.deepEqual(figures(), { requests: 13, errors: 13, visitorErrors: 5 });
  await visit('spillway=forged');
  assert.equal(figures().visitorErrors, 6);
  await split(0, 0, 'rollout-2');
  await visit(cookies[0]);
  assert.equal(figures().visitorErrors, 7);
  const [status] = edge.edge.status().routes;
  assert.deepEqual(status?.visitors, { remembered: 1, approximate: false });
});

test('a visitor counts from the first error on, which came before the cookie did', async (t) => {
  const { split, edge } = await threeArms(t, STICKY, 500);
  await split(0);
  const first = await ask(edge.port());
  const cookie = String(first.headers['set-cookie']).split(';')[0] ?? '';
  for (let i = 0; i < 3; i++) await ask(edge.port(), { headers: { cookie } });
  const { errors, visitorErrors, failingVisitors } = edge.count('stable-0');
  assert.deepEqual(
    { errors, visitorErrors, failingVisitors },
    { errors: 4, visitorErrors: 1, failingVisitors: 1 },
  );
});

test('clients without a cookie are told apart by address and program', async (t) => {
  const { split, edge } = await threeArms(t, STICKY, 500);
  await split(0);
  const as = (program: string, address: string) =>
    ask(edge.port(), { headers: { 'user-agent': program, 'x-forwarded-for': address } });
  for (let i = 0; i < 4; i++) await as('curl', '192.0.2.1');
  await as('curl', '192.0.2.2');
  await as('wget', '192.0.2.1');
  const { visitorErrors, failingVisitors } = edge.count('stable-0');
  assert.equal(visitorErrors, 6, 'each was drawn by itself, and is evidence by itself');
  assert.equal(failingVisitors, 3);
});

test('slow answers count once per visitor, bucket and rollout, on whichever arm', async (t) => {
  const port = await application(t, (req, res) => {
    setTimeout(() => res.end(), req.url === '/slow' ? 30 : 0);
  });
  const edge = await runEdge(t);
  const all = (arm: 'stable' | 'canary') => [{ arm, percent: 100, ports: [port] }];
  const slow = bucketOf(25);
  const never = bucketOf(60_000);
  const cookies = ['0000000000000001', '0000000000000002'].map((id) => ({ cookie: `spillway=${id}` }));
  const visitEach = async () => {
    for (const headers of cookies)
      for (const path of ['/slow', '/', '/slow']) await ask(edge.port(), { path, headers });
  };
  const counted = (instance: string) => edge.count(instance).slowVisitors;
  await edge.set(all('stable'), STICKY);
  await visitEach();
  assert.deepEqual(counted('stable-0'), [], 'nothing is counted before it is asked for');
  edge.edge.watchSlow(ROUTE, [slow, never]);
  await visitEach();
  assert.deepEqual(counted('stable-0'), [slow, 2]);
  await edge.set(all('canary'), STICKY);
  await visitEach();
  assert.deepEqual(counted('canary-0'), []);
  assert.deepEqual(edge.counts().watched, [slow, never]);
  await edge.set(all('canary'), { ...STICKY, rollout: 'rollout-2' });
  assert.deepEqual(edge.counts().watched, []);
  edge.edge.watchSlow(ROUTE, [slow]);
  await visitEach();
  assert.deepEqual(counted('canary-0'), [slow, 2]);
});

test('a promoted instance gets a new row of counts, and its former row stays', async (t) => {
  const port = await application(t, (_, res) => res.end());
  const edge = await runEdge(t);
  const endpoint = { instance: 'one', host: '127.0.0.1', port };
  const arm = (name: string, endpoints: unknown[]) =>
    ({
      arm: name,
      revision: 'sha256:new',
      version: '2',
      weight: endpoints.length * 10_000,
      endpoints,
    }) as never;
  await edge.set([], { arms: [arm('canary', [endpoint])] });
  await ask(edge.port());
  await edge.set([], { arms: [arm('stable', [endpoint])] });
  await ask(edge.port());
  await ask(edge.port());
  const rows = edge
    .counts()
    .instances.map(({ arm: name, instance, requests }) => ({ name, instance, requests }));
  assert.deepEqual(rows, [
    { name: 'canary', instance: 'one', requests: 1 },
    { name: 'stable', instance: 'one', requests: 2 },
  ]);
});
