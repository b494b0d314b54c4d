import { hostSystem } from '../exec/system.ts';
import type { Store } from '../ports/store.ts';

/**
 * Opens the store that everything durable goes to: that of the data folder, or one that several servers share.
 * @param database `postgres://user:password@host:port/database`; null for the data folder's own
 */
export async function openStore(dataDir: string, database: string | null): Promise<Store> {
  if (database === null) {
    const { openSqliteStore } = await import('../store/sqlite/index.ts');
    return openSqliteStore({ dir: dataDir, chance: hostSystem });
  }
  const { openPostgresStore } = await import('../store/postgres/index.ts');
  return openPostgresStore({ url: database, system: hostSystem });
}
