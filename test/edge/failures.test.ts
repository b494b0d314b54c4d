import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { quantile } from '../../src/judge/histogram.ts';
import { unpackHistogram } from '../../src/edge/wire.ts';
import { application, ask, deadPort, pause, runEdge, until } from './parts.ts';

const stableOn = (...ports: number[]) => [{ arm: 'stable' as const, percent: 100, ports }];

/** An instance that takes a whole request and then loses the connection. */
async function losing(t: TestContext, before = ''): Promise<{ port: number; taken: () => number }> {
  let taken = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => {
      taken++;
      socket.end(before, () => socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, taken: () => taken };
}

test('a refused GET is tried on the other instance, and the failed attempt counts', async (t) => {
  const port = await application(t, (_, res) => res.end('answered'));
  const edge = await runEdge(t, { avoid: 0 });
  await edge.set(stableOn(await deadPort(), port));
  for (let i = 0; i < 6; i++) assert.equal((await ask(edge.port())).body, 'answered');
  const dead = edge.count('stable-0');
  assert.ok(dead.requests >= 3, `${dead.requests} attempts on the dead instance`);
  assert.equal(dead.errors, dead.requests);
  assert.deepEqual(dead.latency, []);
  assert.equal(edge.count('stable-1').requests, 6);
  assert.equal(edge.count('stable-1').errors, 0);
  assert.equal(edge.counts().dropped, 0);
});

test('an instance that could not be connected is the last choice for a while', async (t) => {
  const port = await application(t, (_, res) => res.end('answered'));
  const edge = await runEdge(t, { avoid: 60_000 });
  await edge.set(stableOn(await deadPort(), port));
  for (let i = 0; i < 6; i++) assert.equal((await ask(edge.port())).status, 200);
  assert.equal((await ask(edge.port(), { method: 'POST', body: 'x' })).status, 200);
  assert.equal(edge.count('stable-0').requests, 1);
});

test('a lost GET is retried; a POST never is, and nor is a PUT whose body went out', async (t) => {
  const { port, taken } = await losing(t);
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  for (const [method, body, attempts] of [
    ['GET', '', 3],
    ['POST', 'x', 1],
    ['POST', '', 1],
    ['PUT', 'x', 1],
    ['DELETE', '', 3],
    ['PATCH', 'x', 1],
  ] as const) {
    const before = taken();
    const { status } = await ask(edge.port(), { method, body });
    assert.equal(status, 502);
    assert.equal(taken() - before, attempts, `${method} with body "${body}"`);
  }
  assert.equal(edge.count('stable-0').requests, 10);
  assert.equal(edge.count('stable-0').errors, 10);
  assert.equal(edge.counts().dropped, 6);
});

test('a refused POST is not retried either', async (t) => {
  const port = await application(t, (_, res) => res.end('answered'));
  const edge = await runEdge(t, { avoid: 0 });
  await edge.set(stableOn(await deadPort(), port));
  const statuses = [];
  for (let i = 0; i < 6; i++) statuses.push((await ask(edge.port(), { method: 'POST', body: 'x' })).status);
  assert.equal(statuses.filter((status) => status === 200).length, 3);
  assert.equal(statuses.filter((status) => status === 503).length, 3);
});

test('a retry stays on its arm: a dead canary does not borrow the stable version', async (t) => {
  const port = await application(t, (_, res) => res.end('stable'));
  const edge = await runEdge(t);
  await edge.set([
    { arm: 'stable', percent: 0, ports: [port] },
    { arm: 'canary', percent: 100, ports: [await deadPort()] },
  ]);
  const { status, body } = await ask(edge.port());
  assert.equal(status, 503);
  assert.match(body, /^No instance could be reached\.\n$/);
  assert.equal(edge.count('canary-0').errors, 3);
  assert.equal(edge.count('stable-0').requests, 0);
  assert.equal(edge.counts().dropped, 1);
});

test('a route that was withdrawn answers 503, and may be set again', async (t) => {
  const port = await application(t, (_, res) => res.end('answered'));
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  await edge.set([]);
  assert.equal((await ask(edge.port())).status, 503);
  assert.equal(edge.counts().dropped, 1);
  await edge.set(stableOn(port));
  assert.equal((await ask(edge.port())).status, 200);
});

test('an answer that has begun is never retried', async (t) => {
  const { port, taken } = await losing(t, 'HTTP/1.1 2');
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  assert.equal((await ask(edge.port())).status, 502);
  assert.equal(taken(), 1);
});

test('an answer that breaks off cuts the client’s connection and counts as an error', async (t) => {
  const heads = ['content-length: 100\r\n\r\nshort', 'transfer-encoding: chunked\r\n\r\n5\r\nshort\r\n'];
  for (const head of heads) {
    const { port } = await losing(t, `HTTP/1.1 200 OK\r\n${head}`);
    const edge = await runEdge(t);
    await edge.set(stableOn(port));
    await assert.rejects(ask(edge.port()), /aborted|hang up/);
    await until('the error counts', () => edge.count('stable-0').errors === 1);
    assert.equal(edge.count('stable-0').requests, 1);
    assert.equal(edge.counts().instances.length, 1);
  }
});

test('an instance that does not answer in time gives 504', async (t) => {
  const port = await application(t, () => undefined);
  const edge = await runEdge(t, { answer: 200 });
  await edge.set(stableOn(port));
  assert.equal((await ask(edge.port())).status, 504);
  assert.equal(edge.count('stable-0').errors, 1);
});

test('garbage from an instance gives 502 and no retry', async (t) => {
  const { port, taken } = await losing(t, 'SSH-2.0-OpenSSH\r\n');
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  assert.equal((await ask(edge.port())).status, 502);
  assert.equal(taken(), 1);
});

test('a client that goes away ends its request at the instance, and counts with the time that it waited', async (t) => {
  const gone: Promise<unknown>[] = [];
  const port = await application(t, (req) => {
    req.on('error', () => undefined);
    gone.push(new Promise((resolve) => req.on('close', resolve)));
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  for (const [method, body] of [
    ['GET', ''],
    ['POST', 'half'],
  ] as const) {
    const req = request({
      port: edge.port(),
      host: '127.0.0.1',
      method,
      agent: false,
      headers: { 'content-length': body.length * 2 },
    });
    req.on('error', () => undefined);
    req.write(body);
    if (body === '') req.end();
    const before = gone.length;
    await until('the request arrives', () => gone.length > before);
    await pause(60);
    req.destroy();
  }
  await Promise.all(gone);
  await until('nothing is in flight', () => edge.edge.routes()[0]?.arms[0]?.inFlight === 0);
  const { requests, errors, latency } = edge.count('stable-0');
  assert.deepEqual({ requests, errors }, { requests: 2, errors: 0 });
  assert.ok(quantile(unpackHistogram(latency), 0.01) >= 50);
  assert.equal(edge.counts().dropped, 0);
});

test('a client that goes away in the middle of an answer ends it at the instance', async (t) => {
  let closed = false;
  const port = await application(t, (req, res) => {
    res.write('first');
    req.on('close', () => (closed = true));
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const req = request({ port: edge.port(), host: '127.0.0.1', agent: false }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  await once(res, 'data');
  res.destroy();
  await until('the instance hears of it', () => closed);
  assert.equal(edge.count('stable-0').errors, 0);
});

test('pipelined requests of a client that goes away all end at the instance', async (t) => {
  let open = 0;
  const port = await application(t, (req) => {
    open++;
    req.on('close', () => open--);
  });
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  const socket = connect(edge.port(), '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
  await until('all arrive', () => open === 20);
  socket.destroy();
  await until('all end', () => open === 0);
  await until('nothing is in flight', () => edge.edge.routes()[0]?.arms[0]?.inFlight === 0);
});

test('answers of 500 and above are errors, and are passed on unchanged', async (t) => {
  const port = await application(t, (req, res) => res.writeHead(Number(req.url?.slice(1))).end('mine'));
  const edge = await runEdge(t);
  await edge.set(stableOn(port));
  for (const status of [200, 404, 499, 500, 503]) {
    const answer = await ask(edge.port(), { path: `/${status}` });
    assert.deepEqual([answer.status, answer.body], [status, 'mine']);
  }
  const { requests, errors, visitorErrors } = edge.count('stable-0');
  assert.deepEqual({ requests, errors, visitorErrors }, { requests: 5, errors: 2, visitorErrors: 2 });
  assert.equal(edge.counts().dropped, 0);
});

test('a retry after the routing has changed goes where a new request would, not to an instance that was taken away', async (t) => {
  let lose: () => void = () => undefined;
  const held = new Promise<void>((asked) => {
    lose = asked;
  });
  const dying = await application(t, (req) => {
    lose();
    setTimeout(() => req.socket.destroy(), 50);
  });
  const gone = await application(t, (_, res) => res.end('gone'));
  const stable = await application(t, (_, res) => res.end('stable'));
  const edge = await runEdge(t);
  await edge.set([{ arm: 'canary', percent: 100, ports: [dying, gone] }]);
  const answers = [ask(edge.port()), ask(edge.port())];
  await held;
  await edge.set([{ arm: 'stable', percent: 100, ports: [stable] }]);
  const bodies = (await Promise.all(answers)).map(({ body }) => body);
  assert.ok(bodies.includes('stable'), bodies.join(', '));
  assert.equal(edge.count('canary-0').errors, 1);
  assert.equal(edge.count('stable-0').requests, 1);
  assert.ok(edge.count('canary-1').requests <= 1);
});
