import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, createServer, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { askEdge } from '../../../src/edge/client.ts';
import { edgePaths } from '../../../src/edge/paths.ts';
import type { WireStatus } from '../../../src/edge/wire.ts';
import { createEdgeTraffic } from '../../../src/traffic/edge/index.ts';
import { edgeTrafficSchema } from '../../../src/traffic/edge/schema.ts';
import { startDetached } from '../../../src/traffic/edge/start.ts';
import { trafficContract } from '../../contracts/traffic.ts';
import { routing } from '../rig.ts';

/** An application whose `/fail` fails and whose `/hold` waits. */
async function application(): Promise<{ port: number; held: ServerResponse[]; server: Server }> {
  const held: ServerResponse[] = [];
  const server = createServer((req, res) => {
    if (req.url === '/hold') held.push(res);
    else if (req.url?.startsWith('/slow'))
      setTimeout(() => res.writeHead(req.url === '/slow/fail' ? 500 : 200).end(), 30);
    else res.writeHead(req.url === '/fail' ? 500 : 200).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, held, server };
}

function ask(port: number, path: string, agent: Agent, headers = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, agent, headers }, (res) => {
      res.resume().on('end', () => resolve(res.statusCode ?? 0));
    });
    req.on('error', reject).end();
  });
}

/** Ends the edge of a folder without warning, and returns when it is gone. */
async function kill(dir: string): Promise<void> {
  const { pid } = await askEdge<WireStatus>(dir, { method: 'GET', path: '/status' });
  process.kill(pid, 'SIGKILL');
  const answers = () =>
    askEdge(dir, { method: 'GET', path: '/status' }).then(
      () => true,
      () => false,
    );
  while (await answers());
}

trafficContract('edge', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'edge-'));
  const { port, held, server } = await application();
  const agent = new Agent({ keepAlive: false });
  const traffic = createEdgeTraffic({ dir });
  await traffic.ensureRunning();
  const route = routing({ stable: 100 }).route;
  const address = async () => (await traffic.observe(route))?.routing.listen.port ?? 0;
  return {
    traffic,
    routing: (arms) => routing(arms, () => port),
    send: async (count, fail = false) => {
      const to = await address();
      for (let i = 0; i < count; i++) await ask(to, fail ? '/fail' : '/', agent);
    },
    visit: async (visitor, { fail = false, slow = false }) => {
      const cookie = `spillway=${visitor.toString(16).padStart(16, '0')}`;
      await ask(await address(), `${slow ? '/slow' : ''}${fail ? '/fail' : '/'}`, agent, { cookie });
    },
    hold: async () => {
      const answered = ask(await address(), '/hold', agent);
      while (held.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      return async () => {
        held.pop()?.end();
        await answered;
      };
    },
    restart: () => kill(dir),
    remove: async () => {
      await kill(dir);
      server.close();
      server.closeAllConnections();
      rmSync(dir, { recursive: true });
    },
  };
});

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'edge-'));
  t.after(async () => {
    await kill(dir).catch(() => undefined);
    rmSync(dir, { recursive: true });
  });
  return dir;
}

it('an edge that runs is adopted; one that has died is started again, once for all who ask', async (t) => {
  const dir = folder(t);
  let starts = 0;
  const startEdge = (where: string) => {
    starts++;
    return startDetached(where);
  };
  const traffic = createEdgeTraffic({ dir, startEdge });
  await Promise.all([traffic.ensureRunning(), traffic.ensureRunning()]);
  await createEdgeTraffic({ dir, startEdge }).ensureRunning();
  assert.equal(starts, 1);
  await traffic.set(routing({ stable: 100 }), 1);
  await kill(dir);
  const seen = await Promise.all([traffic.observe('shop/production'), traffic.counts('shop/production')]);
  assert.equal(seen[0]?.fence, 1);
  assert.equal(starts, 2);
  assert.match(readFileSync(edgePaths(dir).log, 'utf8'), /is ready/);
});

it('a launcher that starts nothing is told as unavailable', async (t) => {
  const traffic = createEdgeTraffic({
    dir: folder(t),
    startEdge: () => Promise.reject(new Error('no such unit')),
  });
  await assert.rejects(traffic.observe('shop/production'), /no such unit/);
});

it('an edge that an older Spillway has left running is counted by what it tells', async (t) => {
  const dir = folder(t);
  const answers: Readonly<Record<string, unknown>> = {
    '/counts?route=shop%2Fproduction': {
      route: 'shop/production',
      epoch: 'one',
      rollout: 'r-1',
      at: 1,
      dropped: 0,
      instances: [
        {
          arm: 'canary',
          revision: 'sha256:2',
          version: '2',
          instance: 'i-1',
          requests: 7,
          errors: 3,
          visitorErrors: 2,
          latency: [5, 7],
        },
      ],
    },
  };
  const older = createServer((req, res) => {
    const body = answers[req.url ?? ''];
    const unknown = { code: 'not_found', message: `the edge does not know ${req.method} ${req.url}` };
    res.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? unknown));
  });
  await new Promise<void>((resolve) => older.listen(edgePaths(dir).control, resolve));
  t.after(() => new Promise((resolve) => older.close(resolve)));
  const traffic = createEdgeTraffic({ dir, startEdge: () => assert.fail('it runs') });
  const { instances, watched, approximate } = await traffic.counts('shop/production');
  assert.deepEqual(
    instances.map(({ requests, errors, visitorErrors }) => [requests, errors, visitorErrors]),
    [[7, 3, 2]],
  );
  assert.deepEqual([instances[0]?.failingVisitors, instances[0]?.slowVisitors.size], [0, 0]);
  assert.deepEqual([watched, approximate], [[], true]);
  await traffic.watchSlow('shop/production', [5]);
});

it('its configuration gives a listen address and a stickiness', () => {
  const cookie = { by: 'cookie', name: 'spillway' };
  const parsed = (value: unknown) => edgeTrafficSchema.parse(value);
  assert.deepEqual(parsed({ listen: 8080 }), { listen: { host: '0.0.0.0', port: 8080 }, sticky: cookie });
  assert.deepEqual(parsed({ listen: '127.0.0.1:80' }).listen, { host: '127.0.0.1', port: 80 });
  assert.deepEqual(parsed({ listen: '[::1]:80', cookie: 'v' }), {
    listen: { host: '::1', port: 80 },
    sticky: { by: 'cookie', name: 'v' },
  });
  assert.deepEqual(parsed({ listen: 80, sticky: 'none' }).sticky, { by: 'none' });
  for (const good of [
    { listen: 8080 },
    { listen: '[::1]:80', cookie: 'v' },
    { listen: 80, sticky: 'none' },
  ]) {
    assert.deepEqual(parsed(parsed(good)), parsed(good), 'what it puts out it also takes');
  }
  for (const bad of [
    {},
    { listen: 0 },
    { listen: 'localhost' },
    { listen: 'a:99999' },
    { listen: 80, sticky: 'ip' },
    { listen: 80, cookie: 'a b' },
    { listen: 80, other: 1 },
  ]) {
    assert.equal(edgeTrafficSchema.safeParse(bad).success, false, JSON.stringify(bad));
  }
});
