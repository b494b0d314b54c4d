import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { instant } from '../../src/core/time.ts';
import type { PruneBefore } from '../../src/ports/store.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { emptyLargeLog } from '../../src/store/sqlite/wal.ts';
import { seededChance } from '../support/chance.ts';
import { aDelivery, aLook, anItem } from '../support/store-samples.ts';
import { folderOf } from './folder.ts';

const MEGABYTE = 1024 * 1024;

it('grows no more once as much is removed as comes in: pages are used again', async (t) => {
  const dir = folderOf(t);
  const store = await openSqliteStore({ dir, chance: seededChance(1) });
  t.after(() => store.close());
  const wide = { text: 'x'.repeat(400) };
  /** What a day brings, and what goes after three. */
  const live = async (day: number) => {
    const at = (n: number) => day * 1000 + (n % 1000);
    const looks = Array.from({ length: 3000 }, (_, n) => ({ ...aLook(`d${day}`, at(n)), payload: wide }));
    await store.appendSeries(looks);
    const each = Array.from({ length: 300 }, (_, n) => `${day}-${n}`);
    await Promise.all([
      ...each.map((id, n) =>
        store.receive(anItem(id, `hash-${id}`, { receivedAt: instant(at(n)), payload: wide })),
      ),
      ...each.map((id, n) => store.recordDelivery({ ...aDelivery(id, 1, true), at: instant(at(n)) })),
    ]);
    for (const { key, fence } of await store.claim(instant(at(0)), 1000)) await store.finish(key, fence);
    const old = instant((day - 3) * 1000);
    const before: PruneBefore = { series: old, deliveries: old, payloads: old, inbox: old, tasks: old };
    while (Object.values(await store.prune(before, 500)).includes(500));
  };
  const sizes: number[] = [];
  for (let day = 10; day < 26; day++) {
    await live(day);
    sizes.push(statSync(join(dir, 'store.db')).size + statSync(join(dir, 'store.db-wal')).size);
  }
  const [settled = 0, last = 0] = [sizes[7], sizes.at(-1)];
  assert.ok(
    last < settled * 1.1,
    `it went on to grow: ${sizes.map((size) => Math.round(size / 1000)).join(' ')} kB`,
  );
});

it('has a log that does not grow for ever, though there is always somebody who reads', (t) => {
  const dir = folderOf(t);
  const path = join(dir, 'store.db');
  const db = openDatabase(dir);
  const readers = [0, 1].map(() => new BetterSqlite3(path, { readonly: true }));
  t.after(() => [db, ...readers].forEach((one) => one.close()));
  const begin = (reader: Database | undefined) => {
    reader?.exec('BEGIN');
    reader?.prepare('SELECT count(*) FROM settings').get();
  };
  const insert = db.prepare("INSERT INTO series (deployment, at, payload) VALUES ('d', 1, ?)");
  const write = db.transaction(() => {
    for (let n = 0; n < 500; n++) insert.run('x'.repeat(400));
  });
  begin(readers[0]);
  let largest = 0;
  for (let turn = 0; turn < 200; turn++) {
    const [one, other] = turn % 2 === 0 ? readers : readers.toReversed();
    begin(other);
    write();
    one?.exec('COMMIT');
    // The only one who reads now began before the last write: it has to be waited for, here by ending it.
    if (statSync(`${path}-wal`).size > 8 * MEGABYTE) {
      assert.equal(emptyLargeLog(db, path, 8 * MEGABYTE), true);
      other?.exec('COMMIT');
      emptyLargeLog(db, path, 8 * MEGABYTE);
      begin(other);
    }
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  assert.ok(largest < 9 * MEGABYTE, `${largest} bytes`);
});
