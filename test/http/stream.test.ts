import assert from 'node:assert/strict';
import { request, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { minutes } from '../../src/core/time.ts';
import { LANE } from '../core/given.ts';
import { environmentName } from '../../src/core/ids.ts';
import { midCanary } from '../support/history.ts';
import { startServer } from '../support/running-cli.ts';
import { ask } from './asking.ts';

const open = (socketPath: string, path: string, headers: Record<string, string> = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath, path, headers, agent: false }, resolve).on('error', reject).end();
  });

interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: { readonly sequence: number };
}

/** Reads frames until there are `most`, then hangs up. */
async function frames(stream: IncomingMessage, most: number): Promise<readonly Frame[]> {
  const found: Frame[] = [];
  let text = '';
  for await (const chunk of stream) {
    text += String(chunk);
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(
        part.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      found.push({ id: Number(fields.get('id')), event: fields.get('event') ?? '', data: JSON.parse(data) });
    }
    if (found.length >= most) break;
  }
  return found;
}

test('a client that lost its connection resumes where it was, without a gap', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  const first = await open(server.socket, '/api/v1/events/stream?after=0');
  assert.equal(first.headers['content-type'], 'text/event-stream');
  const seen = await frames(first, 5);
  const last = seen.at(-1)?.id ?? 0;
  world.pass(minutes(1));
  world.feed({ type: 'pause', deployment, reason: 'x' });
  controlPlane.sync();
  const rest = controlPlane.events.length - last;
  const second = await open(server.socket, '/api/v1/events/stream', { 'last-event-id': String(last) });
  const resumed = await frames(second, rest);
  const all = [...seen, ...resumed];
  assert.deepEqual(
    all.map(({ id }) => id),
    controlPlane.events.map(({ sequence }) => sequence),
  );
  assert.equal(all.at(-1)?.event, 'deployment.paused');
  assert.ok(all.every(({ id, data }) => id === data.sequence));
});

test('without a place to resume from a stream begins with what comes next', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { world, deployment } = midCanary(controlPlane);
  const stream = await open(server.socket, '/api/v1/events/stream');
  const next = frames(stream, 1);
  world.feed({ type: 'pause', deployment, reason: 'x' });
  controlPlane.sync();
  assert.deepEqual(
    (await next).map(({ event }) => event),
    ['deployment.paused'],
  );
});

test('a stream may be of one lane or of one deployment', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { deployment } = midCanary(controlPlane);
  const staging = controlPlane.world({ ...LANE, environment: environmentName('staging') });
  staging.request('0198f3a2-7c1e-7a4b-9d2e-5c6b7a000001');
  controlPlane.sync();
  const of = await open(server.socket, '/api/v1/events/stream?after=0&environment=staging');
  assert.equal((await frames(of, 1))[0]?.event, 'deployment.requested');
  const own = controlPlane.events.filter((stored) => stored.deployment === deployment);
  const mine = await open(server.socket, `/api/v1/events/stream?after=0&deployment=${deployment}`);
  assert.deepEqual(
    (await frames(mine, own.length)).map(({ id }) => id),
    own.map(({ sequence }) => sequence),
  );
});

test('a place that is none is refused', async (t) => {
  const { server } = await startServer(t);
  for (const id of ['x', '-1', '1.5', '1e99']) {
    const answer = await ask(server.socket, '/api/v1/events/stream', { headers: { 'last-event-id': id } });
    assert.equal(answer.status, 400, id);
    assert.match(answer.text, /last-event-id/);
  }
});

test('a stream that breaks inside is reported and ended', async (t) => {
  const { controlPlane, server, errors } = await startServer(t);
  controlPlane.subscribe = async function* () {
    yield* [];
    throw new Error('the store is gone');
  };
  const stream = await open(server.socket, '/api/v1/events/stream?after=0');
  assert.deepEqual(await frames(stream, 1), []);
  assert.equal(errors.length, 1);
});
