import { createHash } from 'node:crypto';
import { SpillwayError } from '../core/errors.ts';
import type { Store } from '../ports/store.ts';
import { versionKey } from './keys.ts';

const SETTING = 'folder';

/**
 * Servers that share a store share the data folder, too: one key signs its audit log, secrets have one version each, and what was built
 * or started is found by all of them.
 * @throws SpillwayError `conflict` for a server with a folder of its own
 */
export async function checkFolder(
  store: Pick<Store, 'setting' | 'putSetting'>,
  dataDir: string,
): Promise<void> {
  const own = createHash('sha256')
    .update('spillway folder ')
    .update(await versionKey(dataDir))
    .digest('hex');
  const known = await store.setting(SETTING);
  if (known === undefined) return store.putSetting(SETTING, own);
  if (known === own) return;
  throw new SpillwayError('conflict', 'the database belongs to servers with another data folder', {
    where: dataDir,
    hint: 'Name their folder with --data; or name another database. On another machine, restore a backup: spillway restore.',
  });
}
