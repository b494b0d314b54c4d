import { mkdtempSync, rmSync } from 'node:fs';
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { instanceId, type RevisionDigest } from '../../src/core/ids.ts';
import { weightOf } from '../../src/core/weights.ts';
import { Edge } from '../../src/edge/edge.ts';
import type { Limits } from '../../src/edge/limits.ts';
import type { RoutedArm, Routing } from '../../src/edge/routing.ts';
import type { WireCount, WireCounts } from '../../src/edge/wire.ts';

export const ROUTE = 'shop/production';

export function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'edge-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Listens on a free port for the test's length. */
export async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** An instance of the application under `handler`. */
export const application = (t: TestContext, handler: RequestListener) => listen(t, createServer(handler));

/** A port that was free a moment ago and where nobody listens. */
export async function deadPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface ArmSpec {
  readonly arm: RoutedArm['arm'];
  readonly percent: number;
  readonly ports: readonly number[];
  /** What its instances are called, with their number after it; the arm's name when not given. */
  readonly called?: string;
}

const armOf = ({ arm, percent, ports, called = arm }: ArmSpec): RoutedArm => ({
  arm,
  revision: `sha256:${arm}` as RevisionDigest,
  version: `version of ${arm}`,
  weight: weightOf(percent),
  endpoints: ports.map((port, i) => ({ instance: instanceId(`${called}-${i}`), host: '127.0.0.1', port })),
});

export const routingOf = (arms: readonly ArmSpec[], over: Partial<Routing> = {}): Routing => ({
  route: ROUTE,
  listen: { host: '127.0.0.1', port: 0 },
  rollout: 'rollout-1',
  sticky: { by: 'none' },
  arms: arms.map(armOf),
  ...over,
});

export interface RunningEdge {
  readonly edge: Edge;
  readonly stateFile: string;
  /** Sets a routing under the next fence. */
  set(arms: readonly ArmSpec[], over?: Partial<Routing>): Promise<void>;
  port(): number;
  counts(): WireCounts;
  count(instance: string): WireCount;
}

/** An edge in this process, on a state file of its own. */
export async function runEdge(t: TestContext, limits: Partial<Limits> = {}): Promise<RunningEdge> {
  const stateFile = join(tempDir(t), 'state.json');
  const edge = new Edge(stateFile, () => undefined, { leave: 0, ...limits });
  await edge.start();
  t.after(() => edge.leave());
  let fence = 0;
  const counts = () => edge.counts(ROUTE);
  return {
    edge,
    stateFile,
    set: (arms, over) => edge.set(routingOf(arms, over), ++fence),
    port: () => edge.routes()[0]?.routing.listen.port ?? 0,
    counts,
    count: (instance) => {
      const found = counts().instances.find((one) => one.instance === instance);
      if (found === undefined) throw new Error(`no counts of ${instance}`);
      return found;
    },
  };
}

export interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
  readonly agent?: Agent;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: NodeJS.Dict<string>;
  readonly body: string;
}

/** One request over a connection of its own, unless an agent is given. */
export function ask(
  port: number,
  { method = 'GET', path = '/', headers = {}, body, agent }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, headers, agent: agent ?? false };
    const req = request(options, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('latin1');
        resolve({ status: res.statusCode ?? 0, headers: res.headers, trailers: res.trailers, body: text });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

/** Sends bytes as they are, and returns all that comes until the connection closes or nothing has come for a while. */
export function sendRaw(port: number, bytes: string, quietMs = 300): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const done = () => {
      socket.destroy();
      resolve(received);
    };
    socket.on('data', (chunk) => (received += chunk.toString('latin1')));
    socket.on('error', done).on('close', done).setTimeout(quietMs, done);
  });
}

/** Waits for something that another part of the system is about to bring about. */
export async function until(what: string, holds: () => boolean, patienceMs = 5000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
