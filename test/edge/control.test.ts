import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { SpillwayError, type ErrorCode } from '../../src/core/errors.ts';
import { askEdge } from '../../src/edge/client.ts';
import { allToStable, edgeReport } from '../../src/edge/offline.ts';
import { edgePaths, edgeProgram } from '../../src/edge/paths.ts';
import type { Routing } from '../../src/edge/routing.ts';
import { writeState } from '../../src/edge/state.ts';
import type { WireCounts, WireRoute, WireStatus } from '../../src/edge/wire.ts';
import { application, ask, deadPort, listen, pause, ROUTE, routingOf, tempDir, until } from './parts.ts';

const coded = (code: ErrorCode) => (error: unknown) => error instanceof SpillwayError && error.code === code;

/** Starts the edge as the program that it is. */
function startProgram(t: TestContext, dir: string) {
  const child = spawn(process.execPath, [edgeProgram(), '--dir', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.resume();
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, ended };
}

const status = (dir: string) => askEdge<WireStatus>(dir, { method: 'GET', path: '/status' });

async function ready(dir: string, not?: string): Promise<WireStatus> {
  let found: WireStatus | undefined;
  const look = async () => (found = await status(dir).catch(() => undefined));
  for (let i = 0; i < 500 && (found === undefined || found.epoch === not); i++) {
    await look();
    await pause(10);
  }
  if (found === undefined) throw new Error('the edge did not become ready');
  return found;
}

const put = (dir: string, routing: Routing, fence: number) =>
  askEdge(dir, {
    method: 'PUT',
    path: `/routes/${encodeURIComponent(routing.route)}`,
    body: { routing, fence },
  });

async function routes(dir: string): Promise<readonly WireRoute[]> {
  return askEdge(dir, { method: 'GET', path: '/routes' });
}

test('what was set survives SIGKILL of the edge: the same address, weights and fence', async (t) => {
  const dir = tempDir(t);
  const port = await application(t, (_, res) => res.end('answered'));
  const first = startProgram(t, dir);
  const { epoch } = await ready(dir);
  await put(dir, routingOf([{ arm: 'stable', percent: 100, ports: [port] }]), 41);
  const [before] = await routes(dir);
  const address = before?.routing.listen.port ?? 0;
  assert.equal((await ask(address)).body, 'answered');
  const dead = await deadPort();
  await put(
    dir,
    routingOf([
      { arm: 'stable', percent: 100, ports: [port] },
      { arm: 'canary', percent: 0, ports: [dead] },
    ]),
    42,
  );
  const [second] = await routes(dir);
  first.child.kill('SIGKILL');
  assert.equal(await first.ended, 'SIGKILL');
  assert.ok(existsSync(edgePaths(dir).control), 'the dead edge left its socket behind');
  const report = await edgeReport(dir);
  assert.equal(report.alive, false);
  assert.deepEqual(report.kept, [{ routing: second?.routing, fence: 42 }]);
  startProgram(t, dir);
  assert.notEqual((await ready(dir)).epoch, epoch);
  assert.deepEqual(await routes(dir), [second]);
  assert.equal((await ask(address)).body, 'answered');
  await assert.rejects(
    put(dir, routingOf([{ arm: 'stable', percent: 100, ports: [port] }]), 41),
    coded('stale_fence'),
  );
});

test('the control socket is for its owner only, and a second edge on the folder leaves', async (t) => {
  const dir = tempDir(t);
  startProgram(t, dir);
  const { pid } = await ready(dir);
  assert.equal(statSync(edgePaths(dir).control).mode & 0o777, 0o600);
  const others = [startProgram(t, dir), startProgram(t, dir)];
  assert.deepEqual(await Promise.all(others.map((other) => other.ended)), [0, 0]);
  assert.equal((await status(dir)).pid, pid);
});

test('of several that start at once, on a folder with a dead socket too, one stays', async (t) => {
  const dir = tempDir(t);
  const dead = startProgram(t, dir);
  await ready(dir);
  dead.child.kill('SIGKILL');
  await dead.ended;
  const started = Array.from({ length: 4 }, () => startProgram(t, dir));
  const left = new Set<number>();
  started.forEach((one, i) => void one.ended.then(() => left.add(i)));
  await until('three have left', () => left.size === 3, 10_000);
  const { pid } = await ready(dir);
  assert.deepEqual(started.map((one, i) => (left.has(i) ? 0 : one.child.pid)).filter(Boolean), [pid]);
});

test('SIGTERM: what is under way is finished, and a successor can start at once', async (t) => {
  const dir = tempDir(t);
  const arrived: (() => unknown)[] = [];
  const port = await application(t, (_, res) => arrived.push(() => res.end('finished')));
  const old = startProgram(t, dir);
  const { epoch } = await ready(dir);
  await put(dir, routingOf([{ arm: 'stable', percent: 100, ports: [port] }]), 1);
  const address = (await routes(dir))[0]?.routing.listen.port ?? 0;
  const underWay = ask(address);
  await until('it is under way', () => arrived.length === 1);
  old.child.kill('SIGTERM');
  await until('the folder is free', () => !existsSync(edgePaths(dir).control));
  startProgram(t, dir);
  assert.notEqual((await ready(dir, epoch)).epoch, epoch);
  arrived[0]?.();
  assert.equal((await underWay).body, 'finished');
  assert.equal(await old.ended, 0);
  const again = ask(address);
  await until('the next one is under way', () => arrived.length === 2);
  arrived[1]?.();
  assert.equal((await again).body, 'finished');
});

test('the edge goes on when the reader of its streams is gone', async (t) => {
  const dir = tempDir(t);
  const { child } = startProgram(t, dir);
  const { pid } = await ready(dir);
  child.stderr.destroy();
  await put(dir, routingOf([{ arm: 'stable', percent: 100, ports: [1] }]), 1);
  child.kill('SIGHUP');
  await pause(100);
  assert.equal((await status(dir)).pid, pid);
});

test('a damaged state file stops the edge from starting', async (t) => {
  const dir = tempDir(t);
  writeFileSync(edgePaths(dir).state, '{');
  assert.equal(await startProgram(t, dir).ended, 1);
});

test('an edge whose address is taken goes on trying until it is free', async (t) => {
  const dir = tempDir(t);
  const port = await application(t, (_, res) => res.end('answered'));
  const taken = createServer();
  const address = await listen(t, taken);
  const routing = routingOf([{ arm: 'stable', percent: 100, ports: [port] }], {
    listen: { host: '127.0.0.1', port: address },
  });
  await writeState(edgePaths(dir).state, [{ routing, fence: 1 }]);
  startProgram(t, dir);
  assert.equal((await ready(dir)).routes[0]?.listening, false);
  await new Promise((resolve) => taken.close(resolve));
  for (let i = 0; i < 300 && (await status(dir)).routes[0]?.listening !== true; i++) await pause(10);
  assert.equal((await ask(address)).body, 'answered');
});

test('bad requests to the control API change nothing and say why', async (t) => {
  const dir = tempDir(t);
  startProgram(t, dir);
  await ready(dir);
  const good = routingOf([{ arm: 'stable', percent: 100, ports: [1] }]);
  await put(dir, good, 5);
  const before = [await routes(dir), readFileSync(edgePaths(dir).state, 'utf8')];
  const path = `/routes/${encodeURIComponent(ROUTE)}`;
  const other = { ...good, rollout: '' };
  const bad: [ErrorCode, Parameters<typeof askEdge>[1]][] = [
    ['config_invalid', { method: 'PUT', path, body: { routing: other, fence: 6 } }],
    ['config_invalid', { method: 'PUT', path, body: { routing: good } }],
    ['config_invalid', { method: 'PUT', path, body: { routing: good, fence: 6.5 } }],
    ['config_invalid', { method: 'PUT', path, body: { routing: good, fence: '6' } }],
    ['config_invalid', { method: 'PUT', path, body: [] }],
    ['config_invalid', { method: 'PUT', path }],
    ['config_invalid', { method: 'PUT', path: '/routes/other', body: { routing: good, fence: 6 } }],
    ['too_large', { method: 'PUT', path, body: 'x'.repeat(2 << 20) }],
    ['stale_fence', { method: 'PUT', path, body: { routing: good, fence: 4 } }],
    [
      'config_invalid',
      { method: 'POST', path: '/drain', body: { route: ROUTE, instances: 'all', limitMs: 1 } },
    ],
    [
      'config_invalid',
      { method: 'POST', path: '/drain', body: { route: ROUTE, instances: [], limitMs: -1 } },
    ],
    ['not_found', { method: 'POST', path: '/drain', body: { route: 'no/route', instances: [], limitMs: 1 } }],
    ['not_found', { method: 'GET', path: '/counts?route=no%2Froute' }],
    ['not_found', { method: 'GET', path: '/' }],
    ['not_found', { method: 'POST', path: '/routes' }],
  ];
  for (const [code, asked] of bad) {
    await assert.rejects(
      askEdge(dir, asked),
      coded(code),
      `${asked.method} ${asked.path} ${JSON.stringify(asked.body)?.slice(0, 80)}`,
    );
  }
  assert.deepEqual([await routes(dir), readFileSync(edgePaths(dir).state, 'utf8')], before);
  await put(dir, good, 5);
});

test('an address that another route or process has is a conflict, and changes nothing', async (t) => {
  const dir = tempDir(t);
  startProgram(t, dir);
  await ready(dir);
  const good = routingOf([{ arm: 'stable', percent: 100, ports: [1] }]);
  await put(dir, good, 1);
  const before = await routes(dir);
  const listen = before[0]?.routing.listen ?? { host: '', port: 0 };
  await assert.rejects(put(dir, { ...good, route: 'other/production', listen }, 2), coded('conflict'));
  const taken = await application(t, (_, res) => res.end());
  await assert.rejects(
    put(dir, { ...good, listen: { host: '127.0.0.1', port: taken } }, 3),
    coded('conflict'),
  );
  assert.deepEqual(await routes(dir), before);
});

test('a route moves to another address without a gap, and the old one closes', async (t) => {
  const dir = tempDir(t);
  startProgram(t, dir);
  await ready(dir);
  const port = await application(t, (_, res) => res.end('answered'));
  const routing = routingOf([{ arm: 'stable', percent: 100, ports: [port] }]);
  await put(dir, routing, 1);
  const old = (await routes(dir))[0]?.routing.listen.port ?? 0;
  const fresh = await deadPort();
  await put(dir, { ...routing, listen: { host: '127.0.0.1', port: fresh } }, 2);
  assert.equal((await ask(fresh)).body, 'answered');
  await assert.rejects(ask(old), /ECONNREFUSED/);
  const counts = await askEdge<WireCounts>(dir, {
    method: 'GET',
    path: `/counts?route=${encodeURIComponent(ROUTE)}`,
  });
  assert.equal(counts.instances[0]?.requests, 1, 'its counts go on');
});

test('without a server: everything to stable, under a fence that outranks what was decided before', async (t) => {
  const dir = tempDir(t);
  startProgram(t, dir);
  await ready(dir);
  const routing = routingOf([
    { arm: 'stable', percent: 50, ports: [1] },
    { arm: 'canary', percent: 50, ports: [2] },
  ]);
  await put(dir, routing, 7);
  await put(dir, { ...routing, route: 'blog/production' }, 9);
  assert.deepEqual(await allToStable(dir, ROUTE), [ROUTE]);
  const [shop, blog] = await routes(dir);
  assert.deepEqual([shop?.fence, shop?.arms.map((arm) => arm.weight)], [8, [10_000, 0]]);
  assert.deepEqual([blog?.fence, blog?.arms.map((arm) => arm.weight)], [9, [5000, 5000]]);
  await assert.rejects(put(dir, routing, 7), coded('stale_fence'));
  assert.deepEqual(await allToStable(dir), [ROUTE, 'blog/production']);
  await put(dir, routingOf([{ arm: 'canary', percent: 100, ports: [2] }]), 20);
  await assert.rejects(allToStable(dir), coded('conflict'));
  await assert.rejects(allToStable(dir, 'no/route'), coded('not_found'));
  await assert.rejects(allToStable(join(dir, 'nowhere')), coded('unavailable'));
});

test('hostile bytes on the control socket do not end the edge', async (t) => {
  const dir = tempDir(t);
  startProgram(t, dir);
  const { pid } = await ready(dir);
  const req = request({
    socketPath: edgePaths(dir).control,
    method: 'PUT',
    path: '/routes/%ZZ',
    headers: { 'content-length': 10 },
  });
  req.on('error', () => undefined).write('half');
  await pause(20);
  req.destroy();
  await pause(20);
  const after = await status(dir);
  assert.deepEqual([after.pid, after.faults], [pid, 0]);
});
