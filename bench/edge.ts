/**
 * The built-in edge beside its peers, everything on: counts, histograms, sticky cookies, X-Forwarded. The proxy has one core to
 * itself, load and upstream share the other; all variants take turns within each round, and medians over the rounds are shown.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { instanceId, type RevisionDigest } from '../src/core/ids.ts';
import { ALL } from '../src/core/weights.ts';
import { createEdgeTraffic } from '../src/traffic/edge/index.ts';
import { edgeCommand } from '../src/traffic/edge/start.ts';
import { cpuSeconds, installed, listening, startOn } from './lib/pinned.ts';
import { inPairs, median, report, type Measured } from './lib/report.ts';
import { fastUpstreamCommand, haproxyCommand } from './peers/haproxy.ts';

const PROXY_CORE = 0;
const LOAD_CORE = 1;
const ROUNDS = 5;
const LOAD_SECONDS = 2;
const CONNECTIONS = 32;
const LATENCY_RATE = 1000;
const LATENCY_SECONDS = 3;
const LATENCY_ROUNDS = 5;
const FIRST_PORT = 21_300;

const run = promisify(execFile);

type ProxyName = 'edge' | 'http-proxy' | 'HAProxy';
type UpstreamName = 'Node upstream' | 'fast upstream';

interface Proxy {
  readonly name: ProxyName;
  readonly upstream: UpstreamName;
  readonly port: number;
  readonly pid: number;
}

interface Load {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

let nextPort = FIRST_PORT;
const newPort = () => nextPort++;
const beside = (file: string) => join(import.meta.dirname, file);

async function start(core: number, port: number, command: readonly string[]): Promise<number> {
  const { pid } = startOn(core, command);
  await listening(port);
  if (pid === undefined) throw new Error(`${command[0]} did not start`);
  return pid;
}

async function startEdge(dir: string, port: number, upstream: number): Promise<number> {
  let pid = 0;
  const traffic = createEdgeTraffic({
    dir,
    startEdge: (folder) => {
      pid = startOn(PROXY_CORE, edgeCommand(folder)).pid ?? 0;
      return Promise.resolve();
    },
  });
  await traffic.ensureRunning();
  const arm = {
    arm: 'stable' as const,
    revision: 'sha256:bench' as RevisionDigest,
    version: '1',
    weight: ALL,
    endpoints: [{ instance: instanceId('one'), host: '127.0.0.1', port: upstream }],
  };
  const listen = { host: '127.0.0.1', port };
  await traffic.set(
    {
      route: 'bench/edge',
      listen,
      rollout: 'bench',
      sticky: { by: 'cookie', name: 'spillway' },
      arms: [arm],
    },
    1,
  );
  return pid;
}

async function startProxies(
  dir: string,
  upstream: UpstreamName,
  upstreamPort: number,
  withHaproxy: boolean,
): Promise<Proxy[]> {
  const [edge, peer, haproxy] = [newPort(), newPort(), newPort()];
  const node = process.execPath;
  const proxies: Proxy[] = [
    { name: 'edge', upstream, port: edge, pid: await startEdge(join(dir, String(edge)), edge, upstreamPort) },
    {
      name: 'http-proxy',
      upstream,
      port: peer,
      pid: await start(PROXY_CORE, peer, [
        node,
        beside('peers/http-proxy.ts'),
        String(peer),
        String(upstreamPort),
      ]),
    },
  ];
  if (!withHaproxy) return proxies;
  const pid = await start(PROXY_CORE, haproxy, haproxyCommand(dir, haproxy, upstreamPort));
  return [...proxies, { name: 'HAProxy', upstream, port: haproxy, pid }];
}

/** Loads a proxy with wrk, closed loop. */
async function load({ port, pid }: Proxy, seconds: number): Promise<Load> {
  const cpu = cpuSeconds(pid);
  const url = `http://127.0.0.1:${port}/page?id=1`;
  const wrk = ['-c', String(LOAD_CORE), 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, url];
  const { stdout } = await run('taskset', wrk);
  const used = cpuSeconds(pid) - cpu;
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const took = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`port ${port} failed requests:\n${stdout}`);
  return { perSecond: took, perCpuSecond: requests / used };
}

/** @returns the 99th percentile of an open loop, in milliseconds */
async function p99({ port }: Proxy): Promise<number> {
  const program = [process.execPath, beside('lib/open-loop-worker.ts'), `http://127.0.0.1:${port}/page`];
  const { stdout } = await run('taskset', [
    '-c',
    String(LOAD_CORE),
    ...program,
    String(LATENCY_RATE),
    String(LATENCY_SECONDS),
  ]);
  const latencies = (JSON.parse(stdout) as number[]).toSorted((a, b) => a - b);
  return latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN;
}

async function inTurns<Result>(
  rounds: number,
  proxies: readonly Proxy[],
  measure: (proxy: Proxy) => Promise<Result>,
) {
  const results = new Map<Proxy, Result[]>(proxies.map((proxy) => [proxy, []]));
  for (let round = 0; round < rounds; round++) {
    for (const proxy of proxies) results.get(proxy)?.push(await measure(proxy));
  }
  return (name: ProxyName, upstream: UpstreamName) =>
    results.get(proxies.find((proxy) => proxy.name === name && proxy.upstream === upstream) as Proxy) ?? [];
}

const BARS = [
  { upstream: 'Node upstream', against: 'http-proxy', atLeast: 2.5 },
  { upstream: 'Node upstream', against: 'HAProxy', atLeast: 0.6 },
  { upstream: 'fast upstream', against: 'http-proxy', atLeast: undefined },
  { upstream: 'fast upstream', against: 'HAProxy', atLeast: 0.35 },
] as const;

async function main(dir: string): Promise<void> {
  const withHaproxy = installed('haproxy');
  if (!withHaproxy)
    console.log('edge: HAProxy is not installed: its comparisons and the fast upstream are left out');
  const node = newPort();
  await start(LOAD_CORE, node, [process.execPath, beside('peers/upstream.ts'), String(node)]);
  const proxies = await startProxies(dir, 'Node upstream', node, withHaproxy);
  if (withHaproxy) {
    const fast = newPort();
    await start(LOAD_CORE, fast, fastUpstreamCommand(dir, fast));
    proxies.push(...(await startProxies(dir, 'fast upstream', fast, withHaproxy)));
  }
  for (const proxy of proxies) await load(proxy, 1);
  const loads = await inTurns(ROUNDS, proxies, (proxy) => load(proxy, LOAD_SECONDS));
  const measured: Measured[] = [];
  for (const { upstream, against, atLeast } of BARS) {
    const [ours, theirs] = [loads('edge', upstream), loads(against, upstream)];
    if (ours.length === 0 || theirs.length === 0) continue;
    const pair = (key: keyof Load) => ({
      against,
      ...inPairs(
        ours.map((one) => one[key]),
        theirs.map((one) => one[key]),
      ),
    });
    const bar = atLeast === undefined ? {} : { bar: { on: 'ratio' as const, atLeast } };
    measured.push({ what: `${upstream}: throughput`, unit: 'req/s', ...pair('perSecond'), ...bar });
    measured.push({ what: `${upstream}: efficiency`, unit: 'req/CPU s', ...pair('perCpuSecond') });
  }
  const onNode = proxies.filter((proxy) => proxy.upstream === 'Node upstream' && proxy.name !== 'http-proxy');
  const latencies = await inTurns(LATENCY_ROUNDS, onNode, p99);
  const [ours, theirs] = [latencies('edge', 'Node upstream'), latencies('HAProxy', 'Node upstream')];
  const p99Row = { what: `p99 at ${LATENCY_RATE} req/s, open loop`, unit: 'ms' };
  if (!withHaproxy) measured.push({ ...p99Row, value: median(ours) });
  else {
    const bar = { on: 'difference', atMost: 1 } as const;
    measured.push({ ...p99Row, against: 'HAProxy', ...inPairs(ours, theirs), bar });
  }
  report('edge', measured);
}

const missing = ['wrk', 'taskset'].filter((program) => !installed(program));
if (missing.length > 0) {
  console.log(`edge: skipped, not installed: ${missing.join(', ')}`);
} else {
  const dir = mkdtempSync(join(tmpdir(), 'edge-bench-'));
  try {
    await main(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
    process.exit();
  }
}
