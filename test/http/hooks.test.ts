import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { midCanary } from '../support/history.ts';
import { startServer } from '../support/running-cli.ts';
import { ask, post } from './asking.ts';

const TCP = { tcp: { host: '127.0.0.1', port: 0 } };

/** What a raw connection is answered; the request need not be whole. */
const raw = (address: string, text: string) =>
  new Promise<string>((resolve, reject) => {
    const { hostname, port } = new URL(address);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('\r\n\r\n')) socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });

test('a hook gets the body byte for byte, whatever it calls itself', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  const body = Uint8Array.of(0, 255, 123, 34, 10, 13, 226, 130);
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain', 'odd/odd']) {
    const answer = await ask(server.address ?? '', '/hooks/github', {
      method: 'POST',
      headers: { 'content-type': type, 'x-hub-signature-256': 'sha256=00' },
      body,
    });
    assert.equal(answer.status, 202, answer.text);
    const sent = controlPlane.received.at(-1);
    assert.equal(sent?.trigger, 'github');
    assert.deepEqual(new Uint8Array(sent?.request.body ?? []), body);
    assert.equal(sent?.request.headers['x-hub-signature-256'], 'sha256=00');
    assert.equal(sent?.request.ipAddress, '127.0.0.1');
  }
});

test('a body above the limit is refused before it is read', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  const address = server.address ?? '';
  const head = 'POST /hooks/github HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  const announced = await raw(address, `${head}content-length: 999999999\r\n\r\n`);
  assert.match(announced, /^HTTP\/1.1 413 /);
  assert.match(announced, /application\/problem\+json/);
  const piece = `${(600).toString(16)}\r\n${'x'.repeat(600)}\r\n`;
  const grown = await raw(address, `${head}transfer-encoding: chunked\r\n\r\n${piece}${piece}`);
  assert.match(grown, /^HTTP\/1.1 413 /);
  assert.equal(controlPlane.received.length, 0);
});

test('the API takes small bodies of good JSON only', async (t) => {
  const { server } = await startServer(t);
  const headers = { 'content-type': 'application/json' };
  const send = (body: string) => ask(server.socket, '/api/v1/rollbacks', { method: 'POST', headers, body });
  const cases: readonly [string, number][] = [
    ['{"application":', 400],
    ['', 400],
    ['[]', 400],
    ['"text"', 400],
    ['{"__proto__":{"admin":true}}', 400],
    ['{"constructor":{"prototype":{}}}', 400],
    [`{"reason":"${'x'.repeat(300_000)}"}`, 413],
    ['{"application":"shop","environment":"production","reason":"a\\nb"}', 400],
    ['{"application":"../../etc","environment":"production","reason":"x"}', 400],
    ['{"application":"shop","environment":"production","reason":"x","to":"$(reboot)"}', 400],
  ];
  for (const [body, status] of cases) {
    const answer = await send(body);
    assert.equal(answer.status, status, body.slice(0, 80));
    assert.match(answer.headers['content-type'] ?? '', /problem\+json/);
    assert.equal(answer.json['status'], status);
  }
});

test('each result of intake has its answer', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  const address = server.address ?? '';
  controlPlane.answer = { status: 'duplicate', of: 'event-0' };
  assert.deepEqual((await post(address, '/hooks/github', {})).json, { status: 'duplicate', of: 'event-0' });
  controlPlane.answer = { status: 'ignored', why: 'a ping' };
  assert.equal((await post(address, '/hooks/github', {})).status, 200);
  controlPlane.answer = {
    status: 'refused',
    httpStatus: 401,
    field: 'x-hub-signature-256',
    reason: 'is wrong',
  };
  const refused = await post(address, '/hooks/github', {});
  assert.equal(refused.status, 401);
  assert.equal(refused.json['code'], 'signature_invalid');
  assert.equal(refused.json['where'], 'x-hub-signature-256');
});

test('an unknown source is told which there are', async (t) => {
  const { server } = await startServer(t, TCP);
  const inside = await post(server.socket, '/hooks/gitlab', {});
  assert.equal(inside.status, 404);
  assert.equal(inside.json['hint'], 'There are: git, github.');
});

test('what only the socket vouches for is not on the port', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  const outside = await post(server.address ?? '', '/hooks/git', {});
  assert.equal(outside.status, 404);
  assert.equal(outside.json['hint'], 'There are: github.');
  assert.equal((await post(server.socket, '/hooks/git', {})).status, 202);
  assert.equal(controlPlane.received.length, 1);
});

test('only on the socket does a sender wait for what it leads to', async (t) => {
  const { controlPlane, server } = await startServer(t, TCP);
  const { world } = midCanary(controlPlane);
  controlPlane.ingest = () => {
    world.request('0198f3a2-7c1e-7a4b-9d2e-5c6b7a00beef', {}, { event: 'push-1', version: '1.5.1' });
    controlPlane.sync();
    controlPlane.system({
      type: 'event.matched',
      at: world.now,
      actor: 'ada',
      details: { event: 'push-1', reason: 'trigger 0' },
    });
    return Promise.resolve({ status: 'accepted', event: 'push-1' });
  };
  const prefer = { prefer: 'wait' };
  const patient = await post(server.socket, '/hooks/git', {}, prefer);
  assert.deepEqual(
    (patient.json['deployments'] as { version: string }[]).map(({ version }) => version),
    ['1.5.1'],
  );
  const outside = await post(server.address ?? '', '/hooks/github', {}, prefer);
  assert.deepEqual(outside.json, { status: 'accepted', event: 'push-1' });
});
