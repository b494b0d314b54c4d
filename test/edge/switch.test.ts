import assert from 'node:assert/strict';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { application, ask, listen, pause, ROUTE, runEdge, until } from './parts.ts';

/** An instance that ends as a deployed one does: it finishes what it has and closes its connections. */
async function instance(name: string): Promise<{ port: number; stop: () => Promise<unknown> }> {
  const server: Server = createServer((_, res) => setTimeout(() => res.end(name), 3));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    },
  };
}

test('no request is dropped while weights move and instances come and go under load', async (t) => {
  const edge = await runEdge(t);
  let current = await instance('v0');
  await edge.set([{ arm: 'stable', percent: 100, ports: [current.port], called: 'v0' }]);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  t.after(() => agent.destroy());
  let running = true;
  let answered = 0;
  const failed: unknown[] = [];
  const client = async (method: string) => {
    while (running) {
      const { status } = await ask(edge.port(), { agent, method }).catch((error: unknown) => ({
        status: error,
      }));
      if (status === 200) answered++;
      else failed.push(status);
    }
  };
  const clients = Array.from({ length: 16 }, (_, i) => client(i % 2 === 0 ? 'GET' : 'POST'));
  for (let version = 1; version <= 4; version++) {
    const next = await instance(`v${version}`);
    for (const percent of [1, 50, 100]) {
      await edge.set(
        [
          { arm: 'stable', percent: 100 - percent, ports: [current.port], called: `v${version - 1}` },
          { arm: 'canary', percent, ports: [next.port], called: `v${version}` },
        ],
        { rollout: `to v${version}` },
      );
      await pause(60);
    }
    await edge.set([{ arm: 'stable', percent: 100, ports: [next.port], called: `v${version}` }]);
    assert.equal(await edge.edge.drain(ROUTE, [`v${version - 1}-0`], 5000), 0);
    await current.stop();
    current = next;
  }
  running = false;
  await Promise.all(clients);
  await current.stop();
  assert.deepEqual(failed, []);
  assert.ok(answered > 500, `${answered} requests`);
  assert.equal(edge.counts().dropped, 0);
});

test('requests under way end where they began, and a drain waits for them', async (t) => {
  const finish: (() => void)[] = [];
  const old = await application(t, (_, res) => finish.push(() => res.end('old')));
  const fresh = await application(t, (_, res) => res.end('new'));
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [old] }]);
  const underWay = ask(edge.port());
  await until('it arrives', () => finish.length === 1);
  await edge.set([{ arm: 'canary', percent: 100, ports: [fresh] }]);
  assert.equal((await ask(edge.port())).body, 'new');
  assert.equal(await edge.edge.drain(ROUTE, ['stable-0'], 50), 1);
  const drained = edge.edge.drain(ROUTE, ['stable-0'], 5000);
  await pause(50);
  finish[0]?.();
  assert.equal(await drained, 0);
  assert.equal((await underWay).body, 'old');
});

test('observe tells what is in flight on each arm', async (t) => {
  const finish: (() => void)[] = [];
  const port = await application(t, (_, res) => finish.push(() => res.end()));
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [port] }]);
  const underWay = [ask(edge.port()), ask(edge.port())];
  const inFlight = () => edge.edge.routes()[0]?.arms[0]?.inFlight;
  await until('both are in flight', () => inFlight() === 2 && finish.length === 2);
  for (const end of finish) end();
  await Promise.all(underWay);
  assert.equal(inFlight(), 0);
});

test('requests go to the instance with the fewest in flight', async (t) => {
  const held: (() => void)[] = [];
  const slow = await application(t, (_, res) => held.push(() => res.end('slow')));
  const quick = await application(t, (_, res) => res.end('quick'));
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [slow, quick] }]);
  const first = [ask(edge.port()), ask(edge.port())];
  await until('one is held', () => held.length === 1 && edge.count('stable-1').requests === 1);
  for (let i = 0; i < 10; i++) assert.equal((await ask(edge.port())).body, 'quick');
  held[0]?.();
  await Promise.all(first);
});

test('an instance that left is let go: its idle connections close at once, the others with their requests', async (t) => {
  const held: (() => void)[] = [];
  const server = createServer((req, res) => {
    if (req.url === '/held') held.push(() => res.end());
    else res.end();
  });
  const old = await listen(t, server);
  const fresh = await application(t, (_, res) => res.end());
  const connections = () => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
  const edge = await runEdge(t);
  await edge.set([{ arm: 'stable', percent: 100, ports: [old] }]);
  const underWay = ask(edge.port(), { path: '/held' });
  await until('it is held', () => held.length === 1);
  await ask(edge.port());
  assert.equal(await connections(), 2);
  await edge.set([{ arm: 'canary', percent: 100, ports: [fresh] }]);
  await pause(100);
  assert.equal(await connections(), 1);
  held[0]?.();
  await underWay;
  await pause(100);
  assert.equal(await connections(), 0);
});
