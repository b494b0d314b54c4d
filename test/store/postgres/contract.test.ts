import { after, before, describe } from 'node:test';
import { openPostgresStore } from '../../../src/store/postgres/index.ts';
import { storeContract } from '../../contracts/store.ts';
import { seededChance } from '../../support/chance.ts';
import { noPostgres, startPostgres, type RunningPostgres } from '../../support/postgres.ts';
import { realSystem } from '../../support/real-system.ts';

describe('on PostgreSQL', { skip: noPostgres ?? false }, () => {
  let server: RunningPostgres;
  /** Made while the test before it runs. */
  let next: Promise<string>;
  before(async () => {
    server = await startPostgres();
    // Databases are copied from it, so that only one is migrated.
    const store = await openPostgresStore({ url: await server.createDatabase(), system: realSystem });
    await store.close();
    next = server.createDatabase('store_1');
  });
  after(async () => {
    await next;
    await server.stop();
  });

  storeContract('postgres', async () => {
    const url = await next;
    next = server.createDatabase('store_1');
    const system = { ...realSystem, ...seededChance(1) };
    let store = await openPostgresStore({ url, system });
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openPostgresStore({ url, system });
        return store;
      },
      dispose: () => store.close(),
    };
  });
});
