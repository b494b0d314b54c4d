/**
 * WEBHOOKS signed pushes at once to a real server: each is on the disk before it is answered, all are looked at, and somebody who
 * asks for a deployment meanwhile does not wait for them.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { Pool } from 'undici';
import { report } from '../../bench/lib/report.ts';
import { pushWebhook, WEBHOOK_SECRET } from '../../bench/lib/webhooks.ts';
import { endLeftovers } from '../../demo/leftovers.ts';
import { createClient } from '../../src/cli/client.ts';
import { Project } from '../scenarios/support/project.ts';
import { freePort } from '../support/free-port.ts';
import { quantileOf } from '../support/quantile.ts';
import { none, number } from './support/figures.ts';
import { inFolder, sayAs } from './support/script.ts';
import { Spawned } from './support/spawned.ts';

const say = sayAs('storm');
const WEBHOOKS = number('WEBHOOKS', 10_000);
const CONNECTIONS = 500;
/** GitHub takes a delivery that is not answered within this for failed. */
const ANSWER_MS = 10_000;
const MEMORY_MB = 512;
const FAIR_MS = 5000;
const DRAIN_MS = 120_000;
const LOOK_EVERY_MS = 50;

await inFolder('storm', async (folder) => {
  const project = new Project(folder, await freePort());
  const commit = project.commit({ version: 'first' });
  const data = join(folder, 'data');
  mkdirSync(data);
  const server = await Spawned.start(project.dir, data, { GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET });
  try {
    project.push();
    await storm(server, data, commit);
  } finally {
    await server.kill();
    await endLeftovers(folder, data);
  }
});

async function storm(server: Spawned, data: string, commit: string): Promise<void> {
  const webhooks = Array.from({ length: WEBHOOKS }, () => pushWebhook(commit));
  const pool = new Pool(server.origin, { connections: CONNECTIONS });
  const db = new BetterSqlite3(join(data, 'store.db'), { readonly: true });
  const count = (sql: string) => Number(db.prepare(sql).pluck().get());
  const inInbox = () => count(`SELECT count(*) FROM inbox WHERE source = 'github'`);
  const waiting = () => count(`SELECT count(*) FROM tasks WHERE kind = 'inbox'`);

  const began = performance.now();
  const refused = new Map<string, number>();
  const answered = Promise.all(
    webhooks.map(async (webhook) => {
      const outcome = await pool
        .request({ path: '/hooks/github', method: 'POST', ...webhook })
        .then(async ({ statusCode, body }) => (await body.dump(), String(statusCode)))
        .catch(String);
      if (!outcome.startsWith('2')) refused.set(outcome, (refused.get(outcome) ?? 0) + 1);
      return performance.now() - began;
    }),
  );
  const fair = otherApplication(data, count);
  const latencies = (await answered).toSorted((a, b) => a - b);
  const kept = inInbox();
  say(
    `${latencies.length} were answered within ${Math.round(latencies.at(-1) ?? 0)} ms, ${waiting()} still wait`,
  );
  for (const [outcome, times] of refused) say(`${times} of them: ${outcome}`);
  const over = performance.now() + DRAIN_MS;
  while (waiting() > 0 && performance.now() < over) await sleep(LOOK_EVERY_MS);
  const drained = performance.now() - began;
  const waited = await fair;
  const left = waiting();
  db.close();
  await pool.close();
  report('faults-storm', [
    { what: 'webhooks at once', unit: '', value: WEBHOOKS },
    none(
      'of them not answered with 2xx',
      [...refused.values()].reduce((sum, times) => sum + times, 0),
    ),
    {
      what: 'p99 from the first to the answer',
      unit: 'ms',
      value: quantileOf(latencies, 0.99),
      bar: { on: 'value', atMost: ANSWER_MS },
    },
    none('of them not kept when they were answered', WEBHOOKS - kept),
    {
      what: 'from asking for a deployment in the middle to its request',
      unit: 'ms',
      value: waited,
      bar: { on: 'value', atMost: FAIR_MS },
    },
    { what: 'from the first until all were looked at', unit: 'ms', value: drained },
    none('not looked at by then', left),
    {
      what: 'memory of the server, at most',
      unit: 'MB',
      value: server.peakMemory(),
      bar: { on: 'value', atMost: MEMORY_MB },
    },
  ]);
}

/** Asks for a deployment by another way while the storm goes on. @returns how long that takes until it is requested, ms */
async function otherApplication(data: string, count: (sql: string) => number): Promise<number> {
  const requested = () => count(`SELECT count(*) FROM events WHERE type = 'deployment.requested'`);
  const client = createClient(data, 'storm', new AbortController().signal);
  await sleep(500);
  const before = requested();
  const began = performance.now();
  await client.post('/api/v1/deployments', { application: 'tiny', environment: 'production', ref: 'main' });
  while (requested() === before && performance.now() < began + DRAIN_MS) await sleep(LOOK_EVERY_MS);
  return performance.now() - began;
}
