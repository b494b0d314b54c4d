import { after, before } from 'node:test';
import type { TestContext } from 'node:test';
import type { Store } from '../../../src/ports/store.ts';
import { milliseconds } from '../../../src/core/time.ts';
import { openPostgresStore } from '../../../src/store/postgres/index.ts';
import { startPostgres, type RunningPostgres } from '../../support/postgres.ts';
import { realSystem } from '../../support/real-system.ts';

/** The cluster of a test file, and what its tests open on it. */
export interface Cluster {
  readonly server: () => RunningPostgres;
  /** The address of a new database in which Spillway has been. */
  database(): Promise<string>;
  /** A store that is closed when the test ends. */
  open(t: TestContext, url: string, more?: Partial<Limits>): Promise<Store>;
}

/** Milliseconds; not given: as in earnest. */
export interface Limits {
  readonly lease: number;
  readonly timeout: number;
}

/** To be called where the suite is described. */
export function clusterOfSuite(): Cluster {
  let server: RunningPostgres;
  before(async () => {
    server = await startPostgres();
    const store = await openPostgresStore({ url: await server.createDatabase(), system: realSystem });
    await store.close();
  });
  after(() => server.stop());
  return {
    server: () => server,
    database: () => server.createDatabase('store_1'),
    async open(t, url, { lease, timeout } = {}) {
      const store = await openPostgresStore({
        url,
        system: realSystem,
        ...(lease !== undefined && { lease: milliseconds(lease) }),
        ...(timeout !== undefined && { timeout: milliseconds(timeout) }),
      });
      t.after(() => store.close());
      return store;
    },
  };
}

export const databaseOf = (url: string): string => new URL(url).pathname.slice(1);
