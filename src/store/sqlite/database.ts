import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { SpillwayError } from '../../core/errors.ts';
import { corrupt, storeError } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';

/** Older ones can corrupt a database in WAL mode. */
const OLDEST_SQLITE = [3, 51, 3] as const;
/** Up to this size the whole file is checked at the start (0.2 s at most); damage in a larger one shows when it is read. */
const CHECKED_BYTES = 64 * 1024 * 1024;

/** 16 MB: four times SQLite's own; under load a quarter of the time went into checkpoints. */
const CHECKPOINT_PAGES = 4000;

export const databasePath = (dir: string): string => join(dir, 'store.db');

/**
 * Opens the database of a folder, makes both where there are none, and brings it to the present form.
 * @throws SpillwayError `corrupt`; `conflict` when it is of a newer Spillway or SQLite is too old; `unavailable`
 */
export function openDatabase(dir: string): Database {
  const path = databasePath(dir);
  let db: Database | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    db = new BetterSqlite3(path);
    refuseOldSqlite(String(db.prepare('SELECT sqlite_version()').pluck().get()));
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
    // What a savepoint would take back is else written to a file: three quarters of all that was written under load.
    db.pragma('temp_store = MEMORY');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (statSync(path).size <= CHECKED_BYTES) check(db, path);
    migrate(db, path);
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error, path);
  }
}

/** @throws SpillwayError `conflict` */
export function refuseOldSqlite(version: string): void {
  const found = version.split('.').map(Number);
  const differs = OLDEST_SQLITE.findIndex((part, index) => part !== found[index]);
  if (differs === -1 || (found[differs] ?? 0) > (OLDEST_SQLITE[differs] ?? 0)) return;
  throw new SpillwayError('conflict', `SQLite ${version} can corrupt the store`, {
    hint: `Spillway needs SQLite ${OLDEST_SQLITE.join('.')} or newer: install better-sqlite3 as package-lock.json names it.`,
  });
}

function check(db: Database, path: string): void {
  const found = db.prepare<[], string>('PRAGMA quick_check(1)').pluck().get();
  if (found !== 'ok') throw corrupt(path, String(found));
}

function migrate(db: Database, path: string): void {
  const present = Number(db.pragma('user_version', { simple: true }));
  if (present > MIGRATIONS.length)
    throw new SpillwayError('conflict', `the store was written by a newer Spillway (form ${present})`, {
      where: path,
      hint: `This one knows forms up to ${MIGRATIONS.length}: start the newer version, or restore a backup from before the upgrade.`,
    });
  MIGRATIONS.slice(present).forEach((text, index) => {
    db.transaction(() => {
      db.exec(text);
      db.pragma(`user_version = ${present + index + 1}`);
    }).immediate();
  });
}
