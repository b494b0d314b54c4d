import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { verifyBackup } from '../../src/backup/index.ts';
import type { UpOptions } from '../../src/cli/context.ts';
import { createClient } from '../../src/cli/client.ts';
import { milliseconds } from '../../src/core/time.ts';
import type { HealthReport } from '../../src/engine/control-plane.ts';
import { DEFAULT_KEEP } from '../../src/engine/retention.ts';
import { startServer } from '../../src/server/index.ts';
import type { StoredEvent } from '../../src/ports/store.ts';
import { noPostgres, startPostgres, type RunningPostgres } from '../support/postgres.ts';

const KEY = 'a key that the operator keeps';
const PATIENCE_MS = 30_000;

const folderOf = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-server-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

/** A project that nothing is deployed of, and whose failures are told to `url`. */
function projectIn(dir: string, url: string): string {
  const lines = [
    'application: quiet',
    'target: { command: node server.js }',
    'traffic: { listen: 127.0.0.1:1 }',
    `notification_channels: { webhook: [{ url: '${url}', events: [backup.*] }] }`,
  ];
  writeFileSync(join(dir, 'spillway.yaml'), `${lines.join('\n')}\n`);
  return dir;
}

/** Somebody who is told. */
async function listener(t: TestContext): Promise<{ readonly url: string; readonly heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      heard.push((JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as { type: string }).type);
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard };
}

async function started(t: TestContext, dataDir: string, url: string, more: Partial<UpOptions>) {
  const dir = projectIn(folderOf(t), url);
  const server = await startServer({
    dir,
    dataDir,
    database: null,
    listen: null,
    logLevel: 'error',
    keep: DEFAULT_KEEP,
    backups: null,
    ...more,
  });
  let open = true;
  const close = async () => {
    if (open) await server.close();
    open = false;
  };
  t.after(close);
  const client = createClient(dataDir, 'test', new AbortController().signal);
  const backups = async () => {
    const { items } = await client.get<{ readonly items: readonly StoredEvent[] }>('/api/v1/events', {
      limit: 1000,
    });
    return items.map(({ event }) => event.type).filter((type) => type.startsWith('backup.'));
  };
  const health = async () => (await client.get<HealthReport>('/health')).subsystems['backup'];
  return { close, backups, health };
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const over = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(performance.now() < over, `waited for ${what}, in vain`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const every = (ms: number, dir: string, keep = 2) => ({
  backups: { dir, every: milliseconds(ms), keep, key: KEY },
});

it('backs itself up again and again, keeps the newest, and says so in its record and its health', async (t) => {
  const { url, heard } = await listener(t);
  const [dataDir, to] = [folderOf(t), join(folderOf(t), 'kept')];
  const { close, backups, health } = await started(t, dataDir, url, every(1000, to));
  assert.match((await health())?.reason ?? '', /none yet|ago/);
  await until('three backups', async () => (await backups()).length >= 3);
  assert.ok((await backups()).every((type) => type === 'backup.completed'));
  const good = await health();
  assert.match(good?.reason ?? '', /^the last good one was .* ago$/);
  await close();
  const kept = readdirSync(to);
  assert.equal(
    kept.filter((name) => /^spillway-\d{8}T\d{6}Z\.backup$/.test(name)).length,
    kept.length,
    kept.join(),
  );
  assert.equal(kept.length, 2);
  for (const name of kept) await verifyBackup(join(to, name), KEY);
  assert.deepEqual(heard, []);
});

it('goes by the record after a restart, and is degraded once the last good one is old', async (t) => {
  const { url } = await listener(t);
  const [dataDir, to] = [folderOf(t), folderOf(t)];
  const first = await started(t, dataDir, url, every(3_600_000, to));
  await until('a backup', async () => (await first.backups()).length === 1);
  await first.close();
  const second = await started(t, dataDir, url, every(3_600_000, to));
  assert.equal((await second.health())?.status, 'healthy');
  assert.equal((await second.backups()).length, 1, 'none is due');
  await second.close();
  const blocked = join(to, 'file');
  writeFileSync(blocked, '');
  const third = await started(t, dataDir, url, every(1, blocked));
  await until('its age', async () =>
    ((await third.health())?.reason ?? '').startsWith('the last good one was'),
  );
  assert.equal((await third.health())?.status, 'degraded');
});

it('tells of a failure once, keeps older backups, and makes one when it can again', async (t) => {
  const { url, heard } = await listener(t);
  const [dataDir, folder] = [folderOf(t), folderOf(t)];
  const to = join(folder, 'kept');
  writeFileSync(to, 'a file where the folder should be');
  const { backups, health } = await started(t, dataDir, url, every(300, to));
  // For longer than a second, after which files get their names.
  await until('failures', async () => (await backups()).length >= 6);
  assert.ok((await backups()).every((type) => type === 'backup.failed'));
  const { status, reason = '' } = (await health()) ?? {};
  assert.equal(status, 'degraded');
  assert.match(reason, /none yet; then it failed: /);
  await until('the message', () => heard.length > 0);
  rmSync(to);
  await until('a backup', async () => (await backups()).includes('backup.completed'));
  assert.equal(heard.filter((type) => type.includes('backup.failed')).length, 1, heard.join());
  assert.equal(readdirSync(to).length >= 1, true);
});

describe('with several replicas', { skip: noPostgres }, () => {
  let postgres: RunningPostgres;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  it('is done by one of them', async (t) => {
    const database = await postgres.createDatabase();
    const { url } = await listener(t);
    const [one, other, to] = [folderOf(t), folderOf(t), folderOf(t)];
    const first = await started(t, one, url, { ...every(700, to, 100), database });
    // One process cannot listen twice in one folder: another one with the same keys.
    for (const name of ['versions.key', 'signing.key']) cpSync(join(one, name), join(other, name));
    const second = await started(t, other, url, { ...every(700, to, 100), database });
    await until('three backups', async () => (await first.backups()).length >= 3);
    assert.equal((await second.health())?.status, 'healthy', 'each knows of it');
    await second.close();
    await first.close();
    const names = readdirSync(to).toSorted();
    assert.ok(names.length >= 3);
    for (const name of names.slice(0, 2))
      assert.ok((await verifyBackup(join(to, name), KEY)).store.events > 0);
  });
});
