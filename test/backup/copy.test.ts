import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import {
  copyStore,
  createBackup,
  migrateStore,
  restoreBackup,
  verifyBackup,
} from '../../src/backup/index.ts';
import type { StorePlace } from '../../src/backup/index.ts';
import { hostSystem } from '../../src/exec/system.ts';
import { openPostgresStore } from '../../src/store/postgres/index.ts';
import { databasePath } from '../../src/store/sqlite/database.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations.ts';
import { TABLES } from '../../src/store/transfer.ts';
import { noPostgres, startPostgres, type RunningPostgres } from '../support/postgres.ts';
import {
  aDelivery,
  aLook,
  anAppend,
  anItem,
  aTask,
  laneNamed,
  resumed,
  SHOP,
} from '../support/store-samples.ts';
import { dump, restore } from '../upgrades/dump.ts';
import { folderOf, KEY, says } from './support.ts';

const FORM_1 = new URL('../upgrades/recorded/form-1.jsonl', import.meta.url);

const inFolder = (dir: string): StorePlace => ({ kind: 'folder', dir });
const inDatabase = (url: string): StorePlace => ({ kind: 'database', url });
const openFolder = (dir: string) => openSqliteStore({ dir, chance: hostSystem });

function dumpOf(dir: string): string {
  const db = new BetterSqlite3(databasePath(dir), { readonly: true });
  try {
    return dump(db);
  } finally {
    db.close();
  }
}

/** What a server of the first form has left behind. */
function oldFolder(t: TestContext): string {
  const dir = folderOf(t);
  restore(readFileSync(FORM_1, 'utf8'), (form) => {
    const db = new BetterSqlite3(databasePath(dir));
    for (const text of MIGRATIONS.slice(0, form)) db.exec(text);
    db.pragma(`user_version = ${form}`);
    return db;
  }).close();
  return dir;
}

/** The same in the present form, with something of everything, and with tasks that are claimed. */
async function fullFolder(t: TestContext): Promise<string> {
  const dir = oldFolder(t);
  const store = await openFolder(dir);
  await store.append(
    anAppend({ events: [resumed('d1'), resumed('d2')], tasks: [aTask('t1'), aTask('t2'), aTask('t3')] }),
  );
  await store.receive(anItem('delivery', 'hash'));
  await store.appendSeries([aLook('d1', 1000.5), aLook('d1', 2000)]);
  await store.recordDelivery(aDelivery('m', 1, false));
  await store.recordDelivery(aDelivery('m', 2, true));
  const [first] = await store.claim(hostSystem.now(), 100);
  assert.ok(first);
  await store.finish(first.key, first.fence);
  await store.putSetting('odd', 'Zürich \u{1f680} "quoted"\n\t\\x41');
  await store.close();
  return dir;
}

describe('bringing a store up to date', () => {
  it('says from which form to which, and with --check only that', async (t) => {
    const dir = oldFolder(t);
    const before = dumpOf(dir);
    assert.deepEqual(await migrateStore(inFolder(dir), true), { from: 1, to: MIGRATIONS.length });
    assert.equal(dumpOf(dir), before);
    assert.deepEqual(await migrateStore(inFolder(dir), false), { from: 1, to: MIGRATIONS.length });
    assert.deepEqual(await migrateStore(inFolder(dir), true), {
      from: MIGRATIONS.length,
      to: MIGRATIONS.length,
    });
    await (await openFolder(dir)).close();
  });

  it('is refused where there is none, of a newer one, and while a server runs', async (t) => {
    const dir = folderOf(t);
    await assert.rejects(migrateStore(inFolder(dir), false), says('not_found', /no store/));
    const store = await openFolder(dir);
    await assert.rejects(migrateStore(inFolder(dir), false), says('conflict', /already runs/));
    await store.close();
    const db = new BetterSqlite3(databasePath(dir));
    db.pragma('user_version = 99');
    db.close();
    await assert.rejects(migrateStore(inFolder(dir), true), says('conflict', /newer Spillway/));
  });
});

describe('a backup of an older form', () => {
  it('is made and proved as it is, and restored in the present form', async (t) => {
    const dir = oldFolder(t);
    const file = join(dir, 'b.backup');
    const request = { file, key: KEY, database: null, now: Date.now() };
    const { store: held } = await createBackup({ ...request, dataDir: dir, version: '1.0.0' });
    assert.equal(held.form, 1);
    const fresh = join(folderOf(t), 'fresh');
    await restoreBackup({ ...request, dataDir: fresh, replace: false });
    assert.deepEqual(await migrateStore(inFolder(fresh), true), {
      from: MIGRATIONS.length,
      to: MIGRATIONS.length,
    });
    const store = await openFolder(fresh);
    assert.equal((await store.events({ limit: 1e6 })).length, held.events);
    assert.equal((await store.sequenceAudit()).root, held.root);
    await store.close();
  });
});

describe('what a copy takes', () => {
  it('is every table and column of the embedded store but who has claimed a task', (t) => {
    const dir = folderOf(t);
    const db = new BetterSqlite3(databasePath(dir));
    for (const text of MIGRATIONS) db.exec(text);
    const names = db
      .prepare<[], string>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
      .pluck()
      .all();
    const columns = (table: string) =>
      db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
    const there = Object.fromEntries(
      names.map((name) => [
        name,
        columns(name)
          .filter((one) => `${name}.${one}` !== 'tasks.fence')
          .toSorted(),
      ]),
    );
    const taken = Object.fromEntries(
      TABLES.map((table) => [table.name, table.columns.map(({ name }) => name).toSorted()]),
    );
    assert.deepEqual(taken, there);
    db.close();
  });

  it('goes from folder to folder as well, and is refused in a form that is not the present one', async (t) => {
    const dir = await fullFolder(t);
    const other = join(folderOf(t), 'new');
    await copyStore(inFolder(dir), inFolder(other));
    await (await openFolder(dir)).close();
    assert.equal(dumpOf(other), dumpOf(dir));
    await assert.rejects(copyStore(inFolder(dir), inFolder(other)), says('conflict', /a store already/));
    const fresh = join(folderOf(t), 'new');
    await assert.rejects(copyStore(inFolder(oldFolder(t)), inFolder(fresh)), says('conflict', /form 1/));
    await copyStore(inFolder(dir), inFolder(fresh));
  });
});

describe('a store in PostgreSQL', { skip: noPostgres }, () => {
  let server: RunningPostgres;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());

  const openDatabase = (url: string) => openPostgresStore({ url, system: hostSystem });

  it('is a copy without a difference, there and back', async (t) => {
    const dir = await fullFolder(t);
    const url = await server.createDatabase();
    const there = await copyStore(inFolder(dir), inDatabase(url));
    const again = join(folderOf(t), 'again');
    const back = await copyStore(inDatabase(url), inFolder(again));
    assert.deepEqual(back.log, there.log);
    assert.ok(there.log.size > 30);
    // Opening it frees what was claimed; copying does so too.
    await (await openFolder(dir)).close();
    assert.equal(dumpOf(again), dumpOf(dir));
  });

  it('goes on after a copy: numbers, fences, tasks, keys and the audit log', async (t) => {
    const dir = await fullFolder(t);
    const url = await server.createDatabase();
    await copyStore(inFolder(dir), inDatabase(url));
    const [before, store] = [await openFolder(dir), await openDatabase(url)];
    t.after(() => Promise.all([before.close(), store.close()]));
    for (const each of [before, store]) {
      const { version } = await each.loadLane(SHOP);
      const result = await each.append(
        anAppend({
          expectedVersion: version,
          events: [resumed('d1', 5000)],
          tasks: [aTask('t1'), aTask('t9')],
        }),
      );
      assert.ok(result.ok);
    }
    const lastOf = async (each: typeof store) =>
      (await each.events({ limit: 3, newestFirst: true })).map(({ sequence }) => sequence);
    assert.deepEqual(await lastOf(store), await lastOf(before));
    const keysOf = async (each: typeof store) =>
      (await each.claim(hostSystem.now(), 100)).map(({ key }) => key).toSorted();
    assert.deepEqual(await keysOf(store), await keysOf(before), 'none twice, none lost');
    assert.ok((await store.drawFence()) >= (await before.drawFence()));
    assert.equal((await store.receive(anItem('delivery', 'hash'))).duplicate, true);
    assert.equal((await store.sequenceAudit()).size, (await before.sequenceAudit()).size);
    await store.appendSeries([aLook('d1', 9000)]);
    await store.recordDelivery(aDelivery('m', 3, true));
  });

  it('is neither copied nor filled while a server runs on it, nor over another store', async (t) => {
    const url = await server.createDatabase();
    const store = await openDatabase(url);
    const fresh = join(folderOf(t), 'fresh');
    await assert.rejects(copyStore(inDatabase(url), inFolder(fresh)), says('conflict', /a server runs/));
    await assert.rejects(
      copyStore(inFolder(await fullFolder(t)), inDatabase(url)),
      says('conflict', /a server runs/),
    );
    await store.append(anAppend());
    await store.close();
    await assert.rejects(
      copyStore(inFolder(await fullFolder(t)), inDatabase(url)),
      says('conflict', /a store already/),
    );
    const empty = await server.createDatabase();
    await assert.rejects(copyStore(inDatabase(empty), inFolder(fresh)), says('not_found', /no store/));
    await assert.rejects(migrateStore(inDatabase(empty), false), says('not_found', /no store/));
    assert.deepEqual(
      await server.query(
        new URL(empty).pathname.slice(1),
        `SELECT nspname FROM pg_namespace WHERE nspname = 'spillway'`,
      ),
      [],
    );
    await copyStore(inDatabase(url), inFolder(fresh));
  });

  const back = (dataDir: string, url: string, file: string) =>
    createBackup({ dataDir, database: url, file, key: KEY, now: Date.now(), version: '1.0.0' });

  it('is backed up while replicas write to it, and restored to either kind of store', async (t) => {
    const url = await server.createDatabase();
    const store = await openDatabase(url);
    t.after(() => store.close());
    let [version, stop] = [0, false];
    const writing = (async () => {
      while (!stop) {
        const result = await store.append(
          anAppend({ expectedVersion: version, events: [resumed('d1'), resumed('d1')] }),
        );
        assert.ok(result.ok);
        version += 1;
      }
    })();
    while (version < 20) await new Promise(setImmediate);
    await store.sequenceAudit();
    const [dataDir, began] = [folderOf(t), version];
    const file = join(dataDir, 'b.backup');
    const { store: held } = await back(dataDir, url, file);
    stop = true;
    await writing;
    assert.ok(held.events >= 2 * began && held.events % 2 === 0 && held.events < 2 * version);
    assert.deepEqual((await verifyBackup(file, KEY)).store, held);

    const folder = join(folderOf(t), 'fresh');
    const request = { file, key: KEY, replace: false, now: Date.now() };
    await restoreBackup({ ...request, dataDir: folder, database: null });
    const other = await server.createDatabase();
    await restoreBackup({ ...request, dataDir: join(folderOf(t), 'fresh'), database: other });
    for (const opened of [await openFolder(folder), await openDatabase(other)]) {
      assert.equal((await opened.loadLane(SHOP)).version, held.events / 2);
      assert.equal((await opened.sequenceAudit()).root, held.root);
      assert.ok((await opened.drawFence()) >= request.now);
      await opened.close();
    }
  });

  it('is moved aside by a restore, and put back when that fails', async (t) => {
    const url = await server.createDatabase();
    const database = new URL(url).pathname.slice(1);
    const kept = await openDatabase(url);
    await kept.append(anAppend({ lane: laneNamed('kept'), events: [resumed('k')] }));
    const dataDir = folderOf(t);
    const file = join(dataDir, 'b.backup');
    await back(dataDir, url, file);
    const request = { file, key: KEY, dataDir: join(dataDir, 'fresh'), database: url, now: Date.now() };
    mkdirSync(request.dataDir);
    await assert.rejects(restoreBackup({ ...request, replace: true }), says('conflict', /a server runs/));
    await kept.append(anAppend({ lane: laneNamed('later'), events: [resumed('l')] }));
    await kept.close();
    await assert.rejects(restoreBackup({ ...request, replace: false }), says('conflict', /a store already/));
    const { aside } = await restoreBackup({ ...request, replace: true });
    assert.match(aside[0] ?? '', /^schema spillway_\d{8}t\d{6}$/);
    const schema = aside[0]?.slice('schema '.length);
    assert.equal((await server.query(database, `SELECT FROM ${schema}.lanes`)).length, 2);
    const restored = await openDatabase(url);
    assert.equal((await restored.lanes()).length, 1);
    await restored.close();
  });

  it('tells its password in no error', async (t) => {
    const dataDir = folderOf(t);
    const wrong = 'postgres://spillway:not-to-be-told@127.0.0.1:1/nowhere';
    for (const attempt of [
      () => back(dataDir, wrong, join(dataDir, 'b')),
      () => copyStore(inDatabase(wrong), inFolder(join(dataDir, 'x'))),
      async () => copyStore(inFolder(await fullFolder(t)), inDatabase(wrong)),
      () => migrateStore(inDatabase(wrong), true),
    ])
      await assert.rejects(attempt, (error) => {
        assert.doesNotMatch(inspect(error, { depth: 9, showHidden: true }), /not-to-be-told/);
        return says('unavailable', /ECONNREFUSED/)(error);
      });
  });
});
