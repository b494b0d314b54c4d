import { RESTORED_SETTING, type RestoredNote } from '../backup/index.ts';
import type { Store } from '../ports/store.ts';
import type { Clock } from '../ports/system.ts';

/**
 * Records that the store was restored since it was last opened: whoever audits it shall see that what happened between the
 * backup and now is not in it. One replica does.
 */
export async function recordRestore(store: Store, clock: Clock): Promise<void> {
  const text = await store.setting(RESTORED_SETTING);
  if (!text) return;
  const [hold] = await store.hold([RESTORED_SETTING]);
  if (hold === undefined) return;
  const { made, size, root, restored, file } = JSON.parse(text) as RestoredNote;
  const details = {
    category: 'incident',
    status: 'warning',
    target: 'server',
    reason: `from the backup of ${made}, when the audit log had ${size} entries`,
    made,
    size,
    root,
    restored,
    file,
  };
  const event = { type: 'server.restored' as const, at: clock.now(), actor: 'spillway', details };
  await store.record([event], [], null);
  await store.putSetting(RESTORED_SETTING, '');
  await hold.release();
}
