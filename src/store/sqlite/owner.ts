import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { SpillwayError } from '../../core/errors.ts';
import { storeError } from './errors.ts';

export interface Owner {
  release(): void;
}

/**
 * Makes this process the only one that writes to the store of a folder, until it releases it or ends in whatever way:
 * the kernel frees the lock. The lock is on a file of its own, so that others can still read the store.
 * @throws SpillwayError `conflict` naming the process that holds it; `unavailable`
 */
export function acquireOwner(dir: string): Owner {
  const path = join(dir, 'owner.lock');
  // Beside the lock, not in it: reading the locked file and closing it would free a POSIX lock of this very process.
  const pidPath = join(dir, 'owner.pid');
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const db = new BetterSqlite3(path, { timeout: 0 });
    try {
      db.pragma('locking_mode = EXCLUSIVE');
      db.exec('BEGIN EXCLUSIVE');
      writeFileSync(pidPath, `${process.pid}\n`);
    } catch (error) {
      db.close();
      throw error;
    }
    return { release: () => void db.close() };
  } catch (error) {
    throw isBusy(error) ? heldBy(pidPath, path) : storeError(error, path);
  }
}

const isBusy = (error: unknown) =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');

function heldBy(pidPath: string, path: string): SpillwayError {
  let holder = 'another process';
  try {
    holder = `process ${readFileSync(pidPath, 'utf8').trim()}`;
  } catch {
    // It has the lock but has not written its number yet.
  }
  return new SpillwayError('conflict', `${holder} already runs Spillway on this folder`, {
    where: path,
    hint: 'Use that server, stop it first, or start this one with another data folder.',
  });
}
