import { statSync } from 'node:fs';
import type { Database } from 'better-sqlite3';

/** What is written goes to the log, and from there to the database whenever this has come together four times over. */
const LARGE_BYTES = 64 * 1024 * 1024;
/** So long may commits wait for readers. */
const PATIENCE_MS = 200;
const USUAL_PATIENCE_MS = 5000;

/**
 * Empties the write-ahead log when it has grown large. SQLite begins it anew only at a moment without readers; where one always
 * begins before another ends, such a moment has to be made, else the log grows for ever. A reader that goes on for long (a backup)
 * is not waited for.
 * @returns whether it had grown large
 */
export function emptyLargeLog(db: Database, path: string, largeBytes = LARGE_BYTES): boolean {
  const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= largeBytes) return false;
  db.pragma(`busy_timeout = ${PATIENCE_MS}`);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma(`busy_timeout = ${USUAL_PATIENCE_MS}`);
  return true;
}
