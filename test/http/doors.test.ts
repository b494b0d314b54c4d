import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer as createNetServer, connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import { createServer, type HttpOptions } from '../../src/http/index.ts';
import { FakeControlPlane } from '../support/fake-control-plane.ts';
import { midCanary, NOON } from '../support/history.ts';
import { startServer, temporaryFolder } from '../support/running-cli.ts';
import { ask, post } from './asking.ts';

const TCP = { tcp: { host: '127.0.0.1', port: 0 } };

const optionsFor = (folder: string, more: Partial<HttpOptions> = {}): HttpOptions => ({
  socket: join(folder, 'spillway.sock'),
  tcp: null,
  hooks: {},
  telemetry: null,
  version: '0.1.0',
  now: () => NOON,
  onError: () => {},
  ...more,
});

const isCode = (code: string) => (error: unknown) => error instanceof SpillwayError && error.code === code;

test('the socket is its owner’s alone, and goes with the server', async (t) => {
  const folder = await temporaryFolder(t);
  const server = await createServer(new FakeControlPlane(), optionsFor(folder));
  t.after(() => server.close());
  assert.equal((await stat(server.socket)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(folder), ['spillway.sock'], 'nothing else is left behind');
  await server.close();
  assert.deepEqual(await readdir(folder), []);
});

test('a socket that a killed server left is replaced; a living one is not', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'spillway.sock'), '');
  const server = await createServer(new FakeControlPlane(), optionsFor(folder));
  t.after(() => server.close());
  await assert.rejects(createServer(new FakeControlPlane(), optionsFor(folder)), isCode('conflict'));
  assert.equal((await ask(server.socket, '/health')).status, 200, 'the first goes on');
});

test('a path too long for a socket is said so', async (t) => {
  const folder = join(await temporaryFolder(t), 'x'.repeat(100));
  await mkdir(folder);
  await assert.rejects(createServer(new FakeControlPlane(), optionsFor(folder)), isCode('config_invalid'));
});

test('a port that is taken leaves nothing open', async (t) => {
  const folder = await temporaryFolder(t);
  const holder = createNetServer().listen(0, '127.0.0.1');
  t.after(() => holder.close());
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  const options = optionsFor(folder, { tcp: { host: '127.0.0.1', port } });
  await assert.rejects(createServer(new FakeControlPlane(), options), isCode('conflict'));
  assert.deepEqual(await readdir(folder), []);
});

test('on loopback nobody is whom they claim to be', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  const { world, deployment } = midCanary(controlPlane);
  const path = `/api/v1/deployments/${deployment}/pause`;
  const answer = await post(server.address ?? '', path, {}, { 'x-spillway-actor': 'root' });
  assert.equal(answer.status, 202, answer.text);
  assert.equal(world.get(deployment).paused?.by, 'loopback');
});

test('web pages and proxies are kept from the API on loopback', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  midCanary(controlPlane);
  const address = server.address ?? '';
  const strangers: Record<string, string>[] = [
    { host: 'evil.example' },
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'x-forwarded-for': '203.0.113.9' },
    { via: '1.1 proxy' },
  ];
  for (const headers of strangers) {
    const answer = await ask(address, '/api/v1/lanes', { headers });
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.equal(answer.json['code'], 'not_permitted');
  }
  assert.equal((await ask(address, '/api/v1/lanes')).status, 200);
  assert.equal((await ask(address, '/api/v1/lanes', { headers: { host: 'localhost:1' } })).status, 200);
  const form = { 'content-type': 'text/plain' };
  const posted = await ask(address, '/api/v1/rollbacks', { method: 'POST', headers: form, body: '{}' });
  assert.equal(posted.status, 415, 'a form of a web page is no JSON');
});

test('beyond this machine there are hooks and health, and no API', async (t) => {
  const { server } = await startServer(t, { tcp: { host: '0.0.0.0', port: 0 } });
  const address = (server.address ?? '').replace('0.0.0.0', '127.0.0.1');
  assert.equal((await ask(address, '/health')).status, 200);
  assert.equal((await post(address, '/hooks/github', {})).status, 202);
  for (const path of ['/api/v1/lanes', '/api/v1/audit/export', '/api/v1/events/stream'])
    assert.equal((await ask(address, path)).status, 404);
});

test('an actor on the socket is a name, not a way into the log', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { deployment } = midCanary(controlPlane);
  const path = `/api/v1/deployments/${deployment}/pause`;
  for (const actor of ['a%0Ab', '%E2%80%AEevil', '%', `${'x'.repeat(101)}`, '%00']) {
    const answer = await post(server.socket, path, {}, { 'x-spillway-actor': actor });
    assert.equal(answer.status, 400, actor);
    assert.equal(answer.json['where'], 'x-spillway-actor');
  }
});

test('closing ends streams that are open', async (t) => {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o700);
  const server = await createServer(new FakeControlPlane(), optionsFor(folder));
  t.after(() => server.close());
  const stream = connect(server.socket);
  stream.on('error', () => {});
  stream.write('GET /api/v1/events/stream HTTP/1.1\r\nhost: spillway\r\n\r\n');
  await new Promise((resolve) => stream.once('data', resolve));
  const ended = new Promise((resolve) => stream.once('close', resolve));
  await server.close();
  await ended;
});
