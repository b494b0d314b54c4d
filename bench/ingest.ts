/**
 * How fast webhooks are taken in: real signed ones over TCP, each on the disk before it is answered, by a real server that at the same
 * time looks at those that it has taken in. Held against the raw commits of the same database on this machine: all that a webhook
 * leaves there, its inbox row before the answer and the event that says what became of it after.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'undici';
import { endLeftovers } from '../demo/leftovers.ts';
import { Project } from '../test/scenarios/support/project.ts';
import { freePort } from '../test/support/free-port.ts';
import { openLoop } from './lib/open-loop.ts';
import { listening } from './lib/pinned.ts';
import { measureStore, type StoreRates } from './lib/raw-store.ts';
import { median, report } from './lib/report.ts';
import { pushWebhook, WEBHOOK_SECRET } from './lib/webhooks.ts';

const SPILLWAY = join(import.meta.dirname, '..', 'bin', 'spillway');
const RATE = 500;
const RATE_SECONDS = 10;
const WARM_UP_SECONDS = 3;
const CONNECTIONS = 256;
const MOST_PER_SECOND = 10_000;
const ROUNDS = 3;
const ROUND_SECONDS = 3;
/** About as much as is kept of a webhook. */
const KEPT = { event: 'x'.repeat(600) };

interface Server {
  readonly hooks: string;
  readonly process: ChildProcess;
}

async function startServer(project: Project, data: string): Promise<Server> {
  const args = ['--data', data, '--output', 'json', 'up', project.dir, '--port', '0'];
  const server = spawn(SPILLWAY, args, {
    env: { ...process.env, GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const chunk of server.stdout) {
    said += String(chunk);
    const [, address] = /"address": *"([^"]+)"/.exec(said) ?? [];
    if (address !== undefined) return { hooks: `${address}/hooks/github`, process: server };
  }
  throw new Error(`the server did not start: ${said}`);
}

async function startSink(): Promise<Server> {
  const port = await freePort();
  const program = join(import.meta.dirname, 'peers', 'webhook-sink.ts');
  const sink = spawn(process.execPath, [program, String(port), WEBHOOK_SECRET], { stdio: 'inherit' });
  await listening(port);
  return { hooks: `http://127.0.0.1:${port}/hooks/github`, process: sink };
}

/** @returns webhooks a second, each answered before its connection sends the next */
async function closedLoop(hooks: string, commit: string, seconds: number): Promise<number> {
  const { origin, pathname } = new URL(hooks);
  const pool = new Pool(origin, { connections: CONNECTIONS });
  // Signed beforehand: the sender's work is not to be measured.
  const webhooks = Array.from({ length: seconds * MOST_PER_SECOND }, () => pushWebhook(commit));
  const began = performance.now();
  const end = began + seconds * 1000;
  let answered = 0;
  const caller = async () => {
    for (let webhook = webhooks.pop(); webhook && performance.now() < end; webhook = webhooks.pop()) {
      const { statusCode, body } = await pool.request({ method: 'POST', path: pathname, ...webhook });
      const text = await body.text();
      if (statusCode !== 202) throw new Error(`a webhook was answered ${statusCode}: ${text}`);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, caller));
  const took = performance.now() - began;
  await pool.close();
  return (answered / took) * 1000;
}

async function main(folder: string): Promise<void> {
  const project = new Project(folder, await freePort());
  const commit = project.commit({ version: 'v1' });
  const data = join(folder, 'data');
  const sink = await startSink();
  const server = await startServer(project, data);
  try {
    project.push();
    const rate = () => ({ method: 'POST', ...pushWebhook(commit) });
    // Warm-up at the same rate: one at full speed would leave work that is no part of what is measured.
    await openLoop(server.hooks, RATE, WARM_UP_SECONDS, rate);
    const latencies = (await openLoop(server.hooks, RATE, RATE_SECONDS, rate)).toSorted((a, b) => a - b);
    const rounds: Array<StoreRates & { readonly ours: number; readonly sink: number }> = [];
    for (let round = 0; round < ROUNDS; round++) {
      const ours = await closedLoop(server.hooks, commit, ROUND_SECONDS);
      const alone = { callers: CONNECTIONS, seconds: ROUND_SECONDS, rounds: 1, payload: KEPT };
      const sunk = await closedLoop(sink.hooks, commit, ROUND_SECONDS);
      rounds.push({ ours, sink: sunk, ...(await measureStore(alone)) });
    }
    const middle = (of: (round: (typeof rounds)[number]) => number) => median(rounds.map(of));
    const taken = { unit: '/s', value: middle(({ ours }) => ours) };
    report('ingest', [
      {
        what: `p99 from a webhook to its answer, at ${RATE}/s`,
        unit: 'ms',
        value: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
        bar: { on: 'value', atMost: 50 },
      },
      {
        ...taken,
        what: `webhooks, ${CONNECTIONS} connections`,
        against: 'the same commits by the store alone',
        againstValue: middle(({ whole }) => whole),
        bar: { on: 'ratio', atLeast: 0.5 },
      },
      {
        ...taken,
        what: 'the same, beside the first commit alone',
        against: 'inbox rows in grouped commits, as many callers',
        againstValue: middle(({ receive }) => receive),
      },
      {
        ...taken,
        what: 'the same, beside bare HTTP',
        against: 'a server that keeps nothing',
        againstValue: middle((round) => round.sink),
      },
      {
        ...taken,
        what: 'the same, beside plain SQLite',
        against: 'rows in grouped commits, as many callers',
        againstValue: middle(({ raw }) => raw),
      },
    ]);
  } finally {
    for (const one of [server, sink]) one.process.kill('SIGKILL');
    await once(server.process, 'exit');
    await endLeftovers(folder, data);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'spillway-bench-ingest-'));
try {
  await main(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
