export { createBackup } from './create.ts';
export { verifyBackup } from './examine.ts';
export { readBackupKey, type BackupKey } from './key.ts';
export type { Manifest } from './manifest.ts';
export { restoreBackup, RESTORED_SETTING, type RestoredNote } from './restore.ts';
export { copyStore, migrateStore, type StorePlace } from './copy.ts';
export { createBackupAside } from './thread.ts';
