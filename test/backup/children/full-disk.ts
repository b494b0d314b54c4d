/** Backs up onto a disk that has no room left. Argument: the folder that the disk is mounted on. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackup, verifyBackup } from '../../../src/backup/index.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { anAppend, resumed } from '../../support/store-samples.ts';
import { KEY, says } from '../support.ts';

const [disk = ''] = process.argv.slice(2);
const dataDir = mkdtempSync(join(tmpdir(), 'spillway-backup-'));
try {
  const store = await openSqliteStore({ dir: dataDir, chance: hostSystem });
  await store.append(anAppend({ events: Array.from({ length: 3000 }, (_, n) => resumed('d1', n)) }));
  await store.close();
  const file = (n: number) => join(disk, `${n}.backup`);
  const backup = (n: number) =>
    createBackup({ dataDir, database: null, file: file(n), key: KEY, now: Date.now(), version: '1.0.0' });

  await backup(1);
  let made = 1;
  await assert.rejects(
    async () => {
      for (; made < 100; made += 1) await backup(made + 1);
    },
    says('unavailable', /the disk is full/),
  );
  assert.ok(made < 100);
  assert.deepEqual(
    readdirSync(disk).toSorted(),
    Array.from({ length: made }, (_, n) => `${n + 1}.backup`).toSorted(),
    'nothing of the one that had no room',
  );
  await verifyBackup(file(1), KEY);
  await verifyBackup(file(made), KEY);
} finally {
  rmSync(dataDir, { recursive: true });
}
process.stdout.write('as it should\n');
