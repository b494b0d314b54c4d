import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deploymentId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import type { ClaimedTask } from '../../src/ports/store.ts';
import { stamped } from '../../src/store/event-form.ts';
import { batchRunner, type Call, type Outcome } from '../../src/store/sqlite/batch.ts';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { operationsOf } from '../../src/store/sqlite/operations.ts';
import { Reserve } from '../../src/store/sqlite/reserve.ts';
import { sparing } from '../../src/store/sqlite/sparing.ts';
import { seededChance } from '../support/chance.ts';
import { aLook, anAppend, anItem, aTask } from '../support/store-samples.ts';
import { folderOf } from './folder.ts';

/** Longer than it waits before it looks at the room again. */
const LOOKS_AGAIN_MS = 600;

it('gives the reserve up when room is short, records only rollbacks then, and takes it back', async (t) => {
  const dir = folderOf(t);
  const db = openDatabase(dir);
  t.after(() => db.close());
  const reserve = new Reserve(dir);
  const file = join(dir, 'reserve');
  const run = sparing(batchRunner(db, operationsOf(db)), db, reserve);
  const one = (method: Call['method'], ...args: readonly unknown[]): Outcome => {
    const [outcome] = run([{ method, args }]);
    assert.ok(outcome);
    return outcome;
  };
  const chance = seededChance(1);
  const append = (version: number, change: Parameters<typeof anAppend>[0]) => {
    const made = anAppend({ expectedVersion: version, ...change });
    return one('append', { ...made, events: stamped(chance, made.lane, made.events) });
  };
  assert.equal(statSync(file).size, 8 * 1024 * 1024);
  const id = deploymentId('deployment-1');
  assert.ok(append(0, { tasks: [aTask('usual')] }).ok);

  db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 2}`);
  assert.equal(one('putSetting', 'large', 'x'.repeat(1_000_000)).ok, false);
  assert.ok(!existsSync(file), 'the reserve is still there');
  db.pragma('max_page_count = 1000000');

  const refused = [
    one('receive', anItem('1', 'hash'), 'id-1'),
    one('putSetting', 'small', 'x'),
    append(1, {}),
  ];
  for (const outcome of refused) assert.match(String(!outcome.ok && outcome.error), /the disk is full/);
  assert.ok(one('appendSeries', [aLook(id, 1)]).ok);
  assert.ok(append(1, { cancel: [id], tasks: [aTask('back', { priority: 0 })] }).ok);
  const claimed = one('claim', instant(1e12), 10);
  assert.ok(claimed.ok);
  assert.deepEqual(
    (claimed.value as readonly ClaimedTask[]).map(({ key }) => key),
    ['back'],
  );
  const [{ key, fence } = { key: '', fence: 0 }] = claimed.value as readonly ClaimedTask[];
  assert.deepEqual(one('finish', key, fence), { ok: true, value: true });

  await sleep(LOOKS_AGAIN_MS);
  assert.ok(one('putSetting', 'small', 'x').ok);
  assert.ok(existsSync(file), 'the reserve is not there again');
});
