import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import BetterSqlite3 from 'better-sqlite3';
import { SpillwayError } from '../../src/core/errors.ts';
import { instant } from '../../src/core/time.ts';
import type { Store } from '../../src/ports/store.ts';
import { batchRunner } from '../../src/store/sqlite/batch.ts';
import type { Call } from '../../src/store/sqlite/batch.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { operationsOf } from '../../src/store/sqlite/operations.ts';
import { seededChance } from '../support/chance.ts';
import { rootOfEntries } from '../support/memory-store.ts';
import { anItem, laneNamed } from '../support/store-samples.ts';
import { folderOf } from './folder.ts';

const child = (name: string) => join(import.meta.dirname, 'children', name);
const chance = seededChance(1);

/** What the children were told is safe on the disk. */
interface Acknowledged {
  readonly lanes: Map<string, number>;
  readonly items: Set<string>;
}

/** Runs a writer, kills it in the middle of its work, and adds what it was told. */
async function writeAndKill(dir: string, acknowledged: Acknowledged, afterMs: number): Promise<void> {
  const writer = spawn(process.execPath, [child('append-loop.ts'), dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: writer.stdout });
  lines.on('line', (line) => {
    const [kind, name = '', version] = line.split(' ');
    if (kind === 'lane') acknowledged.lanes.set(name, Number(version));
    if (kind === 'item') acknowledged.items.add(name);
  });
  await once(lines, 'line');
  await assert.rejects(openSqliteStore({ dir, chance }), (error) => {
    assert.ok(error instanceof SpillwayError);
    assert.equal(error.code, 'conflict');
    assert.match(error.message, new RegExp(`process ${writer.pid} `));
    return true;
  });
  await wait(afterMs);
  writer.kill('SIGKILL');
  await Promise.all([once(writer, 'close'), once(lines, 'close')]);
}

async function verifyLane(store: Store, name: string, acknowledged: number): Promise<number> {
  const lane = laneNamed(name);
  const { version } = await store.loadLane(lane);
  // What was under way at a kill may be there, but whole.
  assert.ok(version >= acknowledged, `${name}: ${version} of ${acknowledged} acknowledged`);
  assert.equal((await store.events({ lane, limit: 1e6 })).length, 2 * version);
  assert.equal((await store.deployments({ lane, limit: 1e6 })).length, version);
  return version;
}

it('has every acknowledged write, and none by half, after kills in the middle of the work', async (t) => {
  const dir = folderOf(t);
  const acknowledged: Acknowledged = { lanes: new Map(), items: new Set() };
  for (const afterMs of [10, 60, 150, 35, 90]) await writeAndKill(dir, acknowledged, afterMs);
  assert.equal(acknowledged.lanes.size, 4);

  const store = await openSqliteStore({ dir, chance });
  let appends = 0;
  for (const [name, version] of acknowledged.lanes) appends += await verifyLane(store, name, version);
  const tasks = await store.claim(instant(0), 1e6);
  assert.equal(tasks.filter((task) => task.deployment !== null).length, appends);
  const ofItems = new Set(tasks.map((task) => task.key));
  for (const id of acknowledged.items) {
    assert.ok(ofItems.has(`event/${id}`));
    assert.equal((await store.receive(anItem(id, ''))).duplicate, true);
  }
  const { size, root } = await store.sequenceAudit();
  assert.equal(size, 2 * appends);
  assert.equal(root, rootOfEntries(await store.auditEntries(0, size)));
  await store.close();
});

it('refuses writes to a full disk, keeps nothing of them, and goes on when there is room', async (t) => {
  const mount = 'mount -t tmpfs -o size=1500k none "$1"';
  const run = promisify(execFile);
  const inNamespace = (then: string) => ['-rm', 'sh', '-c', `${mount} && ${then}`, 'sh', folderOf(t)];
  const possible = await run('unshare', inNamespace('true')).then(
    () => true,
    () => false,
  );
  if (!possible && !process.env['CI']) return t.skip('no file system can be mounted here (unshare -rm)');
  const fill = inNamespace(`exec "${process.execPath}" "${child('fill-disk.ts')}" "$1"`);
  assert.equal((await run('unshare', fill)).stdout, 'as it should\n');
});

it('answers each call of a batch for itself when the transaction as a whole cannot be kept', (t) => {
  const db = openDatabase(folderOf(t));
  t.after(() => db.close());
  const operations = operationsOf(db);
  const put = (name: string, length: number): Call => ({
    method: 'putSetting',
    args: [name, 'x'.repeat(length)],
  });
  const pages = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${pages + 2}`);
  const outcomes = batchRunner(db, operations)([put('small', 10), put('large', 100_000), put('other', 10)]);
  assert.deepEqual(
    outcomes.map((outcome) => outcome.ok),
    [true, false, true],
  );
  assert.equal(operations.setting('small')?.length, 10);
  assert.equal(operations.setting('large'), undefined);
  assert.equal(operations.setting('other')?.length, 10);
});

it('commits a batch once', (t) => {
  const dir = folderOf(t);
  const db = openDatabase(dir);
  t.after(() => db.close());
  const operations = operationsOf(db);
  const other = new BetterSqlite3(join(dir, 'store.db'), { readonly: true });
  t.after(() => other.close());
  const seen: unknown[] = [];
  const looking = {
    ...operations,
    // Called inside the batch: what a reader on another connection sees is only what was committed.
    drawFence: () => seen.push(other.prepare('SELECT count(*) FROM settings').pluck().get()),
  };
  const put = (name: string): Call => ({ method: 'putSetting', args: [name, 'value'] });
  const runBatch = batchRunner(db, looking);
  runBatch([put('a'), { method: 'drawFence', args: [] }, put('b')]);
  runBatch([{ method: 'drawFence', args: [] }]);
  assert.deepEqual(seen, [0, 2]);
});
