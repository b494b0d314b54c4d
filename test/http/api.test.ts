import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failCanary, look, midCanary, startCanary } from '../support/history.ts';
import { startServer } from '../support/running-cli.ts';
import { LANE } from '../core/given.ts';
import { environmentName } from '../../src/core/ids.ts';
import { ask, post, type Answer } from './asking.ts';

const items = ({ json }: Answer) => json['items'] as Record<string, unknown>[];

/** A problem as RFC 9457 wants it. */
function assertProblem(answer: Answer, status: number, code: string, said: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/);
  assert.equal(answer.json['status'], status);
  assert.equal(answer.json['code'], code);
  assert.equal(answer.json['type'], `urn:spillway:problem:${code}`);
  assert.match(String(answer.json['detail']), said);
}

test('deployments are listed newest first, in pages', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  failCanary(world, deployment);
  world.pass(1000);
  const third = startCanary(world, 'c0ffee', '1.5.1');
  const first = await ask(server.socket, '/api/v1/deployments?limit=2');
  assert.deepEqual(
    items(first).map(({ version }) => version),
    ['1.5.1', '1.5.0'],
  );
  assert.equal(items(first)[0]?.['id'], third);
  const second = await ask(server.socket, `/api/v1/deployments?limit=2&before=${String(first.json['next'])}`);
  assert.deepEqual(
    items(second).map(({ version }) => version),
    ['1.4.0'],
  );
  assert.equal(second.json['next'], null);
  const failed = await ask(server.socket, '/api/v1/deployments?state=failed,rejected&environment=production');
  assert.deepEqual(
    items(failed).map(({ rolledBack }) => rolledBack),
    [true],
  );
  assert.deepEqual(items(await ask(server.socket, '/api/v1/deployments?application=other')), []);
});

test('a deployment is found by its id, and by the end of it', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  controlPlane.assessments.set(deployment, { deployment, assessment: look(world.now, 0.01, 24), counts: {} });
  const whole = await ask(server.socket, `/api/v1/deployments/${deployment}`);
  assert.equal(whole.json['version'], '1.5.0');
  assert.equal(whole.json['weight'], 25);
  assert.equal((whole.json['live'] as { assessment: { verdict: string } }).assessment.verdict, 'ok');
  assert.deepEqual((await ask(server.socket, '/api/v1/deployments/3f9a2c')).json, whole.json);
  assertProblem(
    await ask(server.socket, '/api/v1/deployments/ffffff'),
    404,
    'not_found',
    /no deployment ffffff/,
  );
});

test('an ambiguous end of an id lists what it may mean', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  failCanary(world, deployment);
  startCanary(world, 'bbb001', '1.5.1');
  const answer = await ask(server.socket, '/api/v1/deployments/001');
  assertProblem(answer, 409, 'conflict', /several/);
  assert.match(String(answer.json['hint']), /bbb001.*aaa001/);
});

test('what is wrong with an input is named by its field', async (t) => {
  const { server } = await startServer(t);
  const { socket } = server;
  const cases: readonly [string, string, RegExp][] = [
    ['/api/v1/deployments?limit=0', 'limit', /limit/],
    ['/api/v1/deployments?limit=9999', 'limit', /at most 200/],
    ['/api/v1/deployments?state=flying', 'state.0', /state/],
    ['/api/v1/deployments?colour=blue', 'body', /colour/],
    ['/api/v1/deployments/..%2F..%2Fetc%2Fpasswd', 'body', /must be an id/],
    [`/api/v1/deployments/${'a'.repeat(150)}`, 'body', /must be an id/],
    ['/api/v1/audit?from=yesterday', 'from', /must be a time/],
    ['/api/v1/events?after=-1', 'after', /after/],
    ['/api/v1/lanes/a%2Fb/production', 'application', /application/],
  ];
  for (const [path, field, said] of cases) {
    const answer = await ask(socket, path);
    assertProblem(answer, 400, 'invalid_event', said);
    const [first] = answer.json['errors'] as { field: string }[];
    assert.equal(first?.field, field, path);
  }
});

test('a person deploys, and learns which deployment it became', async (t) => {
  const { controlPlane, server } = await startServer(t);
  midCanary(controlPlane);
  const wanted = { environment: 'production', ref: 'main', reason: 'a fix' };
  const headers = { 'x-spillway-actor': 'Ren%C3%A9e', 'idempotency-key': 'key-1' };
  const answer = await post(server.socket, '/api/v1/deployments', wanted, headers);
  assert.equal(answer.status, 202, answer.text);
  const [deployment] = answer.json['deployments'] as { id: string; actor: string }[];
  assert.equal(deployment?.actor, 'Renée');
  assert.equal(answer.json['outcome'], 'matched');
  assert.equal(answer.headers.location, `/api/v1/deployments/${deployment?.id}`);
  const [sent] = controlPlane.received;
  assert.equal(sent?.request.headers['idempotency-key'], 'key-1');
  assert.deepEqual(JSON.parse(Buffer.from(sent?.request.body ?? []).toString()), {
    ...wanted,
    actor: 'Renée',
  });
});

test('an event that leads to nothing says why', async (t) => {
  const { controlPlane, server } = await startServer(t);
  controlPlane.world();
  const answer = await post(server.socket, '/api/v1/deployments', { environment: 'moon' });
  assert.equal(answer.json['outcome'], 'ignored');
  assert.equal(answer.json['why'], 'no environment moon is configured');
  assert.deepEqual(answer.json['deployments'], []);
});

test('what intake refuses and repeats is passed on', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const wanted = { environment: 'production' };
  controlPlane.ingest = () => Promise.resolve({ status: 'duplicate', of: 'event-0' });
  const repeated = await post(server.socket, '/api/v1/deployments', wanted);
  assert.equal(repeated.status, 200);
  assert.deepEqual(repeated.json, { status: 'duplicate', of: 'event-0' });
  const refusal = { httpStatus: 400, field: 'environment', reason: 'is missing' };
  controlPlane.ingest = () => Promise.resolve({ status: 'refused', ...refusal });
  assertProblem(
    await post(server.socket, '/api/v1/deployments', {}),
    400,
    'invalid_event',
    /environment: is missing/,
  );
});

test('the verbs over a deployment do what they say, in the name of who asks', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  const path = `/api/v1/deployments/${deployment}`;
  const paused = await post(
    server.socket,
    `${path}/pause`,
    { reason: 'hold on' },
    { 'x-spillway-actor': 'grace' },
  );
  assert.equal(paused.status, 202, paused.text);
  assert.deepEqual(world.get(deployment).paused, { since: world.now, by: 'grace', reason: 'hold on' });
  assertProblem(await post(server.socket, `${path}/pause`, {}), 409, 'conflict', /paused already/);
  assertProblem(await post(server.socket, `${path}/cancel`, {}), 409, 'conflict', /./);
  assert.equal((await ask(server.socket, `${path}/resume`, { method: 'POST' })).status, 202);
  assert.equal(world.get(deployment).paused, null);
  assert.equal((await post(server.socket, `${path}/promote`, { full: true })).status, 202);
  assert.equal((await post(server.socket, `${path}/abort`, {})).status, 202);
  assert.equal(world.state(deployment), 'rolling_back');
  assertProblem(await post(server.socket, `${path}/abort`, { force: 1 }), 400, 'invalid_event', /force/);
  assertProblem(await post(server.socket, `${path}/explode`, {}), 404, 'not_found', /there is no POST/);
});

test('a rollback is asked for with a reason', async (t) => {
  const { controlPlane, server } = await startServer(t);
  midCanary(controlPlane);
  const wanted = { application: 'shop', environment: 'production' };
  assertProblem(await post(server.socket, '/api/v1/rollbacks', wanted), 400, 'invalid_event', /reason/);
  const answer = await post(server.socket, '/api/v1/rollbacks', { ...wanted, reason: 'it smells' });
  assert.equal((answer.json['deployment'] as { kind: string }).kind, 'rollback');
});

test('a rollback that is asked for again under its key is known to be the same', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world } = midCanary(controlPlane);
  const wanted = { application: 'shop', environment: 'production', reason: 'it smells' };
  await post(server.socket, '/api/v1/rollbacks', wanted, { 'idempotency-key': 'friday-1' });
  assert.equal(world.lane.deployments.at(-1)?.request.event, 'rollback-friday-1');
  assertProblem(
    await post(server.socket, '/api/v1/rollbacks', wanted, { 'idempotency-key': '../friday' }),
    400,
    'invalid_event',
    /an id/,
  );
});

test('lanes tell what serves and what is under way, with the live look', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  controlPlane.assessments.set(deployment, {
    deployment,
    assessment: look(world.now, 0.01, 24),
    counts: { n: 1 },
  });
  const [lane] = items(await ask(server.socket, '/api/v1/lanes'));
  assert.equal(lane?.['serving'], '1.4.0');
  const one = await ask(server.socket, '/api/v1/lanes/shop/production');
  assert.deepEqual((one.json['live'] as { counts: object }[])[0]?.counts, { n: 1 });
  const missing = await ask(server.socket, '/api/v1/lanes/shop/moon');
  assertProblem(missing, 404, 'not_found', /shop\/moon/);
  assert.match(String(missing.json['hint']), /shop\/production/);
  const locked = await post(server.socket, '/api/v1/lanes/shop/production/unlock', { reason: 'mended' });
  assertProblem(locked, 409, 'conflict', /./);
});

test('the audit log is searched by version, category, actor and time, across pages', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  failCanary(world, deployment);
  controlPlane.sync();
  const all = items(await ask(server.socket, '/api/v1/audit?limit=1000'));
  assert.equal(all.length, controlPlane.events.length);
  const rollbacks = items(await ask(server.socket, '/api/v1/audit?category=rollback&version=1.5.0'));
  assert.ok(rollbacks.length >= 3);
  assert.ok(rollbacks.every(({ category, version }) => category === 'rollback' && version === '1.5.0'));
  const collected: unknown[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: Answer = await ask(server.socket, `/api/v1/audit?limit=3&version=1.4.0&after=${after}`);
    collected.push(...items(page));
    after = page.json['next'] as number | null;
  }
  assert.deepEqual(
    collected,
    all.filter(({ version }) => version === '1.4.0'),
  );
  assert.deepEqual(items(await ask(server.socket, '/api/v1/audit?actor=nobody')), []);
  assert.deepEqual(items(await ask(server.socket, '/api/v1/audit?to=2026-11-20T11:00:00Z')), []);
});

test('the audit export streams line by line', async (t) => {
  const { controlPlane, server } = await startServer(t);
  controlPlane.audit = ['{"format":"spillway-audit/1"}', '{"index":0}', '{"checkpoint":"x"}'];
  const answer = await ask(server.socket, '/api/v1/audit/export');
  assert.equal(answer.text, controlPlane.audit.map((line) => `${line}\n`).join(''));
  assert.match(answer.headers['content-disposition'] ?? '', /spillway-audit-2026-11-20\.jsonl/);
});

test('an export that breaks off is no export', async (t) => {
  const { controlPlane, server } = await startServer(t);
  controlPlane.exportAudit = async function* () {
    yield '{"format":"spillway-audit/1"}';
    throw new Error('the disk is gone');
  };
  await assert.rejects(ask(server.socket, '/api/v1/audit/export'));
});

test('an event explains itself', async (t) => {
  const { controlPlane, server } = await startServer(t);
  controlPlane.explanations.set('event-1', { why: 'paths did not match' });
  assert.deepEqual((await ask(server.socket, '/api/v1/events/event-1/explain')).json, {
    why: 'paths did not match',
  });
  assertProblem(await ask(server.socket, '/api/v1/events/event-2/explain'), 404, 'not_found', /event-2/);
});

test('events are listed by lane', async (t) => {
  const { controlPlane, server } = await startServer(t);
  midCanary(controlPlane);
  const staging = controlPlane.world({ ...LANE, environment: environmentName('staging') });
  staging.request('0198f3a2-7c1e-7a4b-9d2e-5c6b7a000001');
  controlPlane.sync();
  const found = items(await ask(server.socket, '/api/v1/events?environment=staging&limit=1000'));
  assert.ok(found.length > 0 && found.length < controlPlane.events.length);
  const [newest] = items(await ask(server.socket, '/api/v1/events?newest=true&limit=1'));
  assert.equal(newest?.['sequence'], controlPlane.events.length);
});

test('health says healthy, degraded and unhealthy to people and to machines', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { socket } = server;
  assert.deepEqual((await ask(socket, '/health')).json, {
    status: 'healthy',
    subsystems: {},
    version: '0.1.0',
  });
  const store = { status: 'degraded', reason: 'slow' } as const;
  controlPlane.report = { status: 'degraded', subsystems: { store } };
  assert.equal((await ask(socket, '/health')).status, 200);
  controlPlane.report = { status: 'unhealthy', subsystems: { store: { ...store, status: 'unhealthy' } } };
  for (const path of ['/health', '/health/ready', '/health/startup'])
    assert.equal((await ask(socket, path)).status, 503);
  assert.equal((await ask(socket, '/health/live')).status, 200);
});

test('a fault of the server is told without its details, and reported', async (t) => {
  const { controlPlane, server, errors } = await startServer(t);
  controlPlane.health = () => Promise.reject(new Error('secret: /var/lib/keys'));
  const answer = await ask(server.socket, '/health');
  assertProblem(answer, 500, 'internal', /inside Spillway/);
  assert.doesNotMatch(answer.text, /secret/);
  assert.equal(errors.length, 1);
});
