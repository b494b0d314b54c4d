/** Fills the disk that a folder is on, shows what the store does then, and goes on when there is room. Argument: the folder. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError } from '../../../src/core/errors.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { seededChance } from '../../support/chance.ts';
import { SHOP, aTask, anAppend, resumed } from '../../support/store-samples.ts';

const dir = process.argv[2] ?? '';
const chance = seededChance(1);
const ballast = join(dir, 'ballast');
writeFileSync(ballast, Buffer.alloc(512 * 1024));
const store = await openSqliteStore({ dir, chance });

const isUnavailable = (error: unknown) => {
  assert.ok(error instanceof SpillwayError);
  assert.equal(error.code, 'unavailable');
  assert.match(error.hint ?? '', /room on the disk/);
  return true;
};

let version = 0;
const appendOnce = () =>
  store.append(
    anAppend({
      expectedVersion: version,
      events: [resumed('d1'), resumed('d1')],
      tasks: [aTask(`t${version}`, { payload: 'x'.repeat(8192) })],
    }),
  );
await assert.rejects(async () => {
  for (; version < 1000; version += 1) await appendOnce();
}, isUnavailable);
assert.ok(version > 0 && version < 1000);
// All of several at once are refused, each for itself; reading still works.
const refused = await Promise.allSettled([appendOnce(), appendOnce()]);
for (const one of refused) assert.ok(one.status === 'rejected' && isUnavailable(one.reason));
assert.equal((await store.loadLane(SHOP)).version, version);

rmSync(ballast);
assert.equal((await appendOnce()).ok, true);
version += 1;
assert.equal((await store.events({ limit: 10_000 })).length, 2 * version);
await store.close();

const again = await openSqliteStore({ dir, chance });
assert.equal((await again.loadLane(SHOP)).version, version);
assert.equal((await again.sequenceAudit()).size, 2 * version);
await again.close();
process.stdout.write('as it should\n');
