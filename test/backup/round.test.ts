import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import { createBackup, restoreBackup, verifyBackup } from '../../src/backup/index.ts';
import { SpillwayError } from '../../src/core/errors.ts';
import { AuditSeal } from '../../src/engine/audit.ts';
import { hostSystem } from '../../src/exec/system.ts';
import { auditKeyFile, versionKey } from '../../src/server/keys.ts';
import { recordRestore } from '../../src/server/restored.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { acquireOwner } from '../../src/store/sqlite/owner.ts';
import { aDeployment, anAppend, laneNamed, resumed, SHOP } from '../support/store-samples.ts';
import { folderOf, KEY, says } from './support.ts';

const NOW = Date.parse('2026-11-20T20:00:00Z');
const LIVE = 'a'.repeat(64);
const OLD = 'b'.repeat(64);

const back = (dataDir: string, file: string, key: string | null = KEY) =>
  createBackup({ dataDir, database: null, file, key, now: NOW, version: '1.0.0' });
const restore = (file: string, dataDir: string, replace = false, now = NOW + 1000) =>
  restoreBackup({ file, key: KEY, dataDir, database: null, replace, now });

const modeOf = (path: string) => statSync(path).mode & 0o777;
const git = (...args: readonly string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** A release as the process target lays it out. */
function layOut(folder: string): void {
  mkdirSync(join(folder, 'empty'), { recursive: true });
  writeFileSync(join(folder, 'server.js'), 'serve();');
  writeFileSync(join(folder, 'run'), '#!/bin/sh', { mode: 0o755 });
  chmodSync(join(folder, 'server.js'), 0o444);
  symlinkSync('server.js', join(folder, 'main.js'));
}

/** A data folder with something of everything in it, and a server's store that is closed. */
async function dataFolder(t: TestContext): Promise<string> {
  const dir = join(folderOf(t), 'data');
  const store = await openSqliteStore({ dir, chance: hostSystem });
  const revision = { digest: `sha256:${LIVE}`, release: { artifact: `sha256:${LIVE}` } };
  const live = { ...aDeployment('d1'), revision } as unknown as ReturnType<typeof aDeployment>;
  const gone = {
    ...aDeployment('d0', { state: 'completed', soakComplete: true }),
    revision: { digest: `sha256:${OLD}`, release: { artifact: `sha256:${OLD}` } },
  } as unknown as ReturnType<typeof aDeployment>;
  await store.append(anAppend({ events: [resumed('d1'), resumed('d1', 2000)], deployments: [live, gone] }));
  await (await AuditSeal.open(store, auditKeyFile(dir))).seal();
  await store.append(anAppend({ expectedVersion: 1, events: [resumed('d1', 3000)] }));
  await versionKey(dir);
  await store.close();
  mkdirSync(join(dir, 'secrets'));
  writeFileSync(join(dir, 'secrets', 'DATABASE_URL'), 'postgres://secret', { mode: 0o644 });
  symlinkSync('DATABASE_URL', join(dir, 'secrets', 'ALSO'));
  for (const name of ['edge', 'pending-events', 'gates', 'apps/shop/production/instances/1'])
    mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, 'edge', 'state.json'), '{"version":1,"routes":[]}');
  writeFileSync(join(dir, 'edge', 'edge.log'), 'log');
  writeFileSync(join(dir, 'pending-events', '1.json'), '{}');
  writeFileSync(join(dir, 'apps/shop/production/instances/1/pid'), '1');
  for (const digest of [LIVE, OLD]) {
    layOut(join(dir, 'sources/shop/artifacts', digest, 'files'));
    layOut(join(dir, 'apps/shop/production/releases', digest.slice(0, 16)));
  }
  const repository = join(dir, 'git', 'shop.git');
  const clone = join(dir, '..', 'clone');
  git('init', '--quiet', '--bare', '--initial-branch=trunk', repository);
  git('init', '--quiet', '--bare', join(dir, 'git', 'empty.git'));
  git('init', '--quiet', '--initial-branch=trunk', clone);
  git('-C', clone, 'commit', '--quiet', '--allow-empty', '--message=one');
  git('-C', clone, 'tag', 'v1');
  git('-C', clone, 'push', '--quiet', '--tags', repository, 'trunk', 'trunk:refs/heads/other');
  return dir;
}

describe('a backup', () => {
  it('brings back everything that cannot be made again, with its modes, and nothing else', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    await back(dir, file);
    assert.equal(modeOf(file), 0o600);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes('backup')),
      [],
      'nothing is left of the work',
    );
    assert.doesNotMatch(readFileSync(file, 'latin1'), /postgres:\/\/secret/);

    const fresh = join(folderOf(t), 'deep', 'fresh');
    const { manifest, aside } = await restore(file, fresh);
    assert.deepEqual(aside, []);
    assert.equal(manifest.store.events, 3);
    for (const name of [
      'signing.key',
      'versions.key',
      'secrets/DATABASE_URL',
      'edge/state.json',
      'pending-events/1.json',
    ]) {
      assert.equal(readFileSync(join(fresh, name), 'utf8'), readFileSync(join(dir, name), 'utf8'), name);
      assert.equal(modeOf(join(fresh, name)), 0o600, name);
    }
    assert.equal(readFileSync(join(fresh, 'secrets/ALSO'), 'utf8'), 'postgres://secret');
    for (const name of ['store.db', 'secrets', 'git', 'edge'])
      assert.equal(modeOf(join(fresh, name)) & 0o077, 0, name);
    for (const below of [
      `sources/shop/artifacts/${LIVE}/files`,
      `apps/shop/production/releases/${LIVE.slice(0, 16)}`,
    ]) {
      assert.equal(modeOf(join(fresh, below, 'server.js')), 0o444);
      assert.equal(modeOf(join(fresh, below, 'run')), 0o755);
      assert.equal(readlinkSync(join(fresh, below, 'main.js')), 'server.js');
      assert.deepEqual(readdirSync(join(fresh, below, 'empty')), []);
    }
    assert.deepEqual(readdirSync(join(fresh, 'sources/shop/artifacts')), [LIVE], 'what is live, and no more');
    assert.ok(!existsSync(join(fresh, 'apps/shop/production/instances')));
    assert.ok(!existsSync(join(fresh, 'edge/edge.log')));
    for (const name of ['shop.git', 'empty.git'])
      for (const words of [['for-each-ref'], ['symbolic-ref', 'HEAD']])
        assert.equal(
          git('-C', join(fresh, 'git', name), ...words),
          git('-C', join(dir, 'git', name), ...words),
          `${name} ${words.join(' ')}`,
        );
    git('-C', join(fresh, 'git', 'shop.git'), 'fsck', '--strict');
  });

  it('goes on where it was, says at the next start that it was restored, and draws newer fences', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    const { store: held } = await back(dir, file);
    const fresh = folderOf(t);
    await restore(file, fresh);
    const store = await openSqliteStore({ dir: fresh, chance: hostSystem });
    t.after(() => store.close());
    assert.equal((await store.loadLane(SHOP)).version, 2);
    assert.ok((await store.drawFence()) > NOW, 'ahead of what was drawn after the backup');
    await recordRestore(store, hostSystem);
    await recordRestore(store, hostSystem);
    const told = await store.events({ types: ['server.restored'], limit: 10 });
    assert.equal(told.length, 1, 'once');
    const [{ event }] = told as [(typeof told)[0]];
    assert.ok('details' in event);
    assert.deepEqual(
      [event.details['made'], event.details['size'], event.details['root'], event.details['file']],
      [new Date(NOW).toISOString(), 3, held.root, 'b1.backup'],
    );
  });

  it('has everything that was acknowledged before it began, while much is being written', async (t) => {
    const dir = join(folderOf(t), 'data');
    const writer = spawn(
      process.execPath,
      [join(import.meta.dirname, 'children', 'append-and-seal.ts'), dir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    t.after(() => writer.kill('SIGKILL'));
    const acknowledged = new Map<string, number>();
    const lines = createInterface({ input: writer.stdout });
    lines.on('line', (line) => acknowledged.set(line.slice(0, 1), Number(line.slice(2))));
    const total = () => [...acknowledged.values()].reduce((sum, n) => sum + n, 0);
    while (total() < 300) await once(lines, 'line');
    for (const round of [1, 2, 3]) {
      const before = new Map(acknowledged);
      const began = total();
      const file = join(dir, '..', `${round}.backup`);
      await back(dir, file);
      assert.ok(total() > began, 'appends go on meanwhile');
      const fresh = join(folderOf(t), 'fresh');
      const { manifest } = await restore(file, fresh);
      const store = await openSqliteStore({ dir: fresh, chance: hostSystem });
      let appends = 0;
      for (const [name, version] of before) {
        const found = (await store.loadLane(laneNamed(name))).version;
        assert.ok(found >= version, `${name}: ${found} of ${version}`);
        appends += found;
      }
      assert.equal((await store.events({ limit: 1e6 })).length, 2 * appends, 'each append whole');
      assert.equal((await store.claim(hostSystem.now(), 1e6)).length, appends);
      assert.equal((await store.sequenceAudit()).root, manifest.store.root);
      await store.close();
    }
  });

  it('is refused when a byte of it was changed, when it was cut off, and under another key', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    await back(dir, file, null);
    const whole = readFileSync(file);
    const harmed = join(dir, '..', 'harmed.backup');
    const step = Math.ceil(whole.length / 97);
    for (let at = 3; at < whole.length; at += step) {
      const changed = Buffer.from(whole);
      changed[at] = (whole[at] ?? 0) ^ 0x10;
      writeFileSync(harmed, changed);
      await assert.rejects(
        verifyBackup(harmed, null),
        at < 150 ? SpillwayError : says('corrupt', /./),
        `byte ${at}`,
      );
    }
    for (const length of [whole.length - 1, Math.floor(whole.length / 2), 300]) {
      writeFileSync(harmed, whole);
      truncateSync(harmed, length);
      await assert.rejects(
        verifyBackup(harmed, null),
        says('corrupt', /damaged or cut short/),
        `${length} bytes`,
      );
    }
    const sealed = join(dir, '..', 'sealed.backup');
    await back(dir, sealed);
    await assert.rejects(
      verifyBackup(sealed, 'another key of the operator'),
      says('not_permitted', /this key does not/),
    );
    const fresh = join(folderOf(t), 'fresh');
    await assert.rejects(restore(harmed, fresh), says('corrupt', /damaged/));
    assert.ok(!existsSync(join(fresh, 'store.db')));
    assert.equal(
      (await verifyBackup(sealed, KEY)).parts.length,
      (await verifyBackup(file, null)).parts.length,
    );
  });

  it('is not made of a store whose audit log is not proved', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    const db = new BetterSqlite3(join(dir, 'store.db'));
    const change = async (text: string, message: RegExp) => {
      db.exec('SAVEPOINT before');
      db.exec(`${text}; RELEASE before`);
      await assert.rejects(back(dir, file), says('corrupt', message));
    };
    db.exec('CREATE TABLE kept AS SELECT * FROM audit_leaves');
    const mend = () => db.exec('DELETE FROM audit_leaves; INSERT INTO audit_leaves SELECT * FROM kept');
    await change(
      `UPDATE audit_leaves SET entry = replace(entry, 'ann', 'bob') WHERE number = 2`,
      /entry 1 is not what/,
    );
    mend();
    await change('DELETE FROM audit_leaves WHERE number = 1', /entry 0 is missing/);
    await change('DELETE FROM audit_leaves', /0 entries are left of 2/);
    mend();
    await change(
      `UPDATE settings SET value = replace(value, char(10) || '2' || char(10), char(10) || '1' || char(10))`,
      /not signed by the key/,
    );
    assert.deepEqual(
      readdirSync(join(dir, '..')).filter((name) => name.includes('backup')),
      [],
    );
    db.close();
  });

  it('never takes the place of a file', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    writeFileSync(file, 'precious');
    await assert.rejects(back(dir, file), says('conflict', /such a file already/));
    assert.equal(readFileSync(file, 'utf8'), 'precious');
  });

  it('says where there is no store', async (t) => {
    const empty = folderOf(t);
    await assert.rejects(back(empty, join(empty, 'b')), says('not_found', /no store/));
    await assert.rejects(back(empty, join(empty, 'none', 'b')), says('not_found', /no store/));
  });

  it('leaves older ones alone when the disk is full', async (t) => {
    const run = promisify(execFile);
    const mount = 'mount -t tmpfs -o size=600k none "$1"';
    const inNamespace = (then: string) => ['-rm', 'sh', '-c', `${mount} && ${then}`, 'sh', folderOf(t)];
    const possible = await run('unshare', inNamespace('true')).then(
      () => true,
      () => false,
    );
    if (!possible && !process.env['CI']) return t.skip('no file system can be mounted here (unshare -rm)');
    const child = join(import.meta.dirname, 'children', 'full-disk.ts');
    const { stdout } = await run('unshare', inNamespace(`exec "${process.execPath}" "${child}" "$1"`));
    assert.equal(stdout, 'as it should\n');
  });
});

describe('a restore', () => {
  it('is refused while a server has the folder, and over anything that is there', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    await back(dir, file);
    await assert.rejects(restore(file, dir), says('conflict', /something already: store.db, signing.key/));
    const owner = acquireOwner(dir);
    await assert.rejects(restore(file, dir, true), says('conflict', /already runs Spillway on this folder/));
    owner.release();
    const server = createServer().listen(join(dir, 'spillway.123.sock'));
    await once(server, 'listening');
    await assert.rejects(restore(file, dir, true), says('conflict', /server runs on this data folder/));
    await new Promise((closed) => server.close(closed));
    writeFileSync(join(dir, 'spillway.456.sock'), 'what a dead one has left');
    await restore(file, dir, true);
  });

  it('moves aside what it replaces, and keeps what is newer', async (t) => {
    const dir = await dataFolder(t);
    const file = join(dir, '..', 'b1.backup');
    await back(dir, file);
    const store = await openSqliteStore({ dir, chance: hostSystem });
    await store.append(anAppend({ expectedVersion: 2, events: [resumed('d1', 4000)] }));
    await store.close();
    writeFileSync(join(dir, 'secrets', 'DATABASE_URL'), 'rotated');
    writeFileSync(join(dir, 'edge', 'state.json'), 'newer');
    const { aside } = await restore(file, dir, true);
    assert.equal(aside.length, 1);
    const [old = ''] = aside;
    assert.equal(readFileSync(join(old, 'secrets', 'DATABASE_URL'), 'utf8'), 'rotated');
    assert.ok(existsSync(join(old, 'git', 'shop.git', 'HEAD')));
    assert.equal(readFileSync(join(dir, 'secrets', 'DATABASE_URL'), 'utf8'), 'postgres://secret');
    assert.equal(readFileSync(join(dir, 'edge', 'state.json'), 'utf8'), 'newer');
    const versionIn = async (folder: string) => {
      const opened = await openSqliteStore({ dir: folder, chance: hostSystem });
      const { version } = await opened.loadLane(SHOP);
      const fence = await opened.drawFence();
      await opened.close();
      return { version, fence };
    };
    const first = await versionIn(dir);
    assert.equal(first.version, 2);
    assert.equal((await versionIn(old)).version, 3);

    await restore(file, dir, true, NOW + 2000);
    assert.ok((await versionIn(dir)).fence > first.fence, 'also after a second restore of the same');
  });
});
