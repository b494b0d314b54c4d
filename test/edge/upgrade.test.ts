import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { application, ask, listen, ROUTE, runEdge, until } from './parts.ts';

const stableOn = (port: number) => [{ arm: 'stable' as const, percent: 100, ports: [port] }];
const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'key',
  'sec-websocket-version': '13',
};

/** An instance that agrees to every upgrade and then sends back what it gets. */
async function echoing(t: TestContext, seen: IncomingMessage[] = []): Promise<number> {
  const server = createServer((_, res) => res.end('plain'));
  server.on('upgrade', (req, socket, head) => {
    seen.push(req);
    socket.on('error', () => undefined);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n\r\nhello',
    );
    if (head.length > 0) socket.write(head);
    socket.pipe(socket);
  });
  t.after(() => {
    for (const req of seen) req.socket.destroy();
  });
  return listen(t, server);
}

async function openTunnel(
  port: number,
  headers: Record<string, string> = UPGRADE,
): Promise<{ socket: Socket; res: IncomingMessage; head: Buffer }> {
  const req = request({ host: '127.0.0.1', port, agent: false, headers }).end();
  const [res, socket, head] = (await once(req, 'upgrade')) as [IncomingMessage, Socket, Buffer];
  socket.on('error', () => undefined);
  return { res, socket, head };
}

async function read(socket: Socket, length: number, already: Buffer = Buffer.alloc(0)): Promise<string> {
  let text = already.toString();
  while (text.length < length) text += String((await once(socket, 'data'))[0]);
  return text;
}

test('a WebSocket is joined to its instance, both ways, and counts as in flight until it closes', async (t) => {
  const seen: IncomingMessage[] = [];
  const port = await echoing(t, seen);
  const edge = await runEdge(t);
  await edge.set(stableOn(port), { sticky: { by: 'cookie', name: 'spillway' } });
  const { socket, res, head } = await openTunnel(edge.port());
  assert.equal(res.headers['sec-websocket-accept'], 'yes');
  assert.match(String(res.headers['set-cookie']), /^spillway=/);
  assert.equal(seen[0]?.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(seen[0].headers['sec-websocket-key'], 'key');
  assert.equal(await read(socket, 5, head), 'hello');
  const large = 'x'.repeat(1_000_000);
  socket.write(large);
  assert.equal((await read(socket, large.length)).length, large.length);
  const inFlight = () => edge.edge.routes()[0]?.arms[0]?.inFlight;
  assert.equal(inFlight(), 1);
  assert.deepEqual([edge.count('stable-0').requests, edge.count('stable-0').errors], [1, 0]);
  socket.end();
  await until('it is over', () => inFlight() === 0);
});

test('when either side goes, the other does', async (t) => {
  const seen: IncomingMessage[] = [];
  const edge = await runEdge(t);
  await edge.set(stableOn(await echoing(t, seen)));
  const first = await openTunnel(edge.port());
  first.socket.resetAndDestroy();
  await until('the instance’s side closes', () => seen[0]?.socket.destroyed === true);
  const second = await openTunnel(edge.port());
  const closed = once(second.socket, 'close');
  seen[1]?.socket.resetAndDestroy();
  await closed;
});

test('an instance that declines an upgrade answers as usual, and the connection then closes', async (t) => {
  const port = await application(t, (_, res) => res.writeHead(403).end('no'));
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const answer = await ask(edge.port(), { headers: UPGRADE });
  assert.equal(answer.status, 403);
  assert.equal(answer.body, 'no');
  assert.equal(answer.headers.connection, 'close');
  await until('nothing is in flight', () => edge.edge.routes()[0]?.arms[0]?.inFlight === 0);
});

test('an upgrade that nobody can take gets 503', async (t) => {
  const edge = await runEdge(t);
  await edge.set(stableOn(1));
  assert.equal((await ask(edge.port(), { headers: UPGRADE })).status, 503);
});

test('an offer of another protocol is not taken up: the request is answered as it is', async (t) => {
  const port = await echoing(t);
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQCAAAAAAIAAAAA',
  };
  assert.equal((await ask(edge.port(), { headers })).body, 'plain');
});

test('a drain closes upgraded connections and event streams before its limit, and others only after they end', async (t) => {
  const seen: IncomingMessage[] = [];
  const port = await echoing(t, seen);
  const streaming = await application(t, (req, res) => {
    res.writeHead(200, { 'content-type': req.url === '/events' ? 'text/event-stream' : 'text/plain' });
    res.write('data: 1\n\n');
  });
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [port], called: 'ws' }]);
  const { socket } = await openTunnel(edge.port());
  await edge.set([{ arm: 'stable', percent: 100, ports: [streaming], called: 'sse' }]);
  const events = ask(edge.port(), { path: '/events' });
  const download = ask(edge.port(), { path: '/file' }).catch((error: unknown) => error);
  await until('both stream', () => edge.count('sse-0').requests === 2);
  const closed = once(socket.resume(), 'close');
  const began = performance.now();
  const [tunnels, streams] = await Promise.all([
    edge.edge.drain(ROUTE, ['ws-0'], 500),
    edge.edge.drain(ROUTE, ['sse-0'], 500),
  ]);
  await closed;
  assert.equal(tunnels, 0);
  assert.equal(streams, 1, 'the download is still under way');
  assert.ok(performance.now() - began >= 400);
  assert.equal((await events).body, 'data: 1\n\n');
  await edge.edge.leave();
  assert.ok((await download) instanceof Error);
});

test('a drain with a long limit does not wait so long for what has no end of its own', async (t) => {
  const port = await echoing(t);
  const edge = await runEdge(t, { lasting: 100 });
  await edge.set([{ arm: 'stable', percent: 100, ports: [port], called: 'ws' }]);
  const { socket } = await openTunnel(edge.port());
  const closed = once(socket.resume(), 'close');
  assert.equal(await edge.edge.drain(ROUTE, ['ws-0'], 3_600_000), 0);
  await closed;
});
