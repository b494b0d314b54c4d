import assert from 'node:assert/strict';
import { openSync, closeSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { ErrorCode } from '../../src/core/errors.ts';
import { SpillwayError } from '../../src/core/errors.ts';
import { openDatabase, refuseOldSqlite } from '../../src/store/sqlite/database.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { acquireOwner } from '../../src/store/sqlite/owner.ts';
import { seededChance } from '../support/chance.ts';
import { anAppend, resumed } from '../support/store-samples.ts';
import { folderOf } from './folder.ts';

const chance = seededChance(1);
const PAGE = 4096;

const says = (code: ErrorCode, message: RegExp, hint: RegExp) => (error: unknown) => {
  assert.ok(error instanceof SpillwayError);
  assert.equal(error.code, code);
  assert.match(error.message, message);
  assert.match(error.hint ?? '', hint);
  return true;
};

async function refuses(dir: string, check: (error: unknown) => boolean): Promise<void> {
  // Closed if it did open: a store left open would keep the test from ending.
  const opening = openSqliteStore({ dir, chance }).then((store) => store.close());
  await assert.rejects(opening, check);
}

async function written(dir: string): Promise<string> {
  const store = await openSqliteStore({ dir, chance });
  const events = Array.from({ length: 500 }, (_, n) => resumed('d1', n));
  await store.append(anAppend({ events }));
  await store.close();
  return join(dir, 'store.db');
}

it('says that a store is damaged, and what to do: cut short', async (t) => {
  const dir = folderOf(t);
  const path = await written(dir);
  truncateSync(path, Math.floor(statSync(path).size / PAGE / 2) * PAGE);
  await refuses(dir, says('corrupt', /damaged/, /restore the last backup/));
});

it('says that a store is damaged, and what to do: a page overwritten that the start does not need', async (t) => {
  const dir = folderOf(t);
  const path = await written(dir);
  const db = new BetterSqlite3(path);
  const root = Number(
    db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'events_actor'").pluck().get(),
  );
  db.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(PAGE, 0xa5), 0, PAGE, (root - 1) * PAGE);
  closeSync(file);
  await refuses(dir, says('corrupt', /damaged/, /\.recover/));
});

it('says that a store is damaged, and what to do: another file in its place', async (t) => {
  const dir = folderOf(t);
  writeFileSync(join(dir, 'store.db'), 'not a database, but long enough to be looked at\n'.repeat(100));
  await refuses(dir, says('corrupt', /not a database/, /backup/));
  acquireOwner(dir).release();
});

it('refuses a store of a newer Spillway and leaves it as it is', async (t) => {
  const dir = folderOf(t);
  const path = await written(dir);
  const db = new BetterSqlite3(path);
  db.pragma('user_version = 99');
  await refuses(dir, says('conflict', /newer Spillway \(form 99\)/, /start the newer version/));
  assert.equal(db.pragma('user_version', { simple: true }), 99);
  db.close();
});

it('refuses a folder that cannot be written', async (t) => {
  const dir = folderOf(t);
  writeFileSync(join(dir, 'file'), '');
  const under = join(dir, 'file', 'data');
  await refuses(under, says('unavailable', /could not be written/, /writable/));
});

it('refuses SQLite versions that can corrupt a store', () => {
  for (const version of ['3.51.2', '3.9.9', '2.99.99', '3.51'])
    assert.throws(() => refuseOldSqlite(version), says('conflict', /can corrupt/, /3\.51\.3/), version);
  for (const version of ['3.51.3', '3.51.10', '3.52.0', '4.0.0']) refuseOldSqlite(version);
});

it('keeps what it promises about the disk', (t) => {
  const db = openDatabase(folderOf(t));
  t.after(() => db.close());
  const setting = (name: string) => db.pragma(name, { simple: true });
  assert.equal(setting('journal_mode'), 'wal');
  assert.equal(setting('synchronous'), 2);
  assert.equal(setting('foreign_keys'), 1);
});

it('has one owner at a time, also within a process', async (t) => {
  const dir = folderOf(t);
  const store = await openSqliteStore({ dir, chance });
  const taken = says('conflict', new RegExp(`process ${process.pid} already runs`), /stop it first/);
  assert.throws(() => acquireOwner(dir), taken);
  await refuses(dir, taken);
  assert.equal((await store.append(anAppend())).ok, true, 'the owner is not disturbed');
  await store.close();
  const next = await openSqliteStore({ dir, chance });
  await next.close();
  await next.close();
});
