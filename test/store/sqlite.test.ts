import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { storeContract } from '../contracts/store.ts';
import { seededChance } from '../support/chance.ts';

storeContract('sqlite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'spillway-store-'));
  const chance = seededChance(1);
  let store = await openSqliteStore({ dir, chance });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openSqliteStore({ dir, chance });
      return store;
    },
    dispose: async () => {
      await store.close();
      await rm(dir, { recursive: true });
    },
  };
});
