import BetterSqlite3 from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations.ts';

/** An empty store, made once: a copy of it costs a fraction of what making it does. */
let empty: Buffer | undefined;

/** A database in memory, in the store's present form. */
export function newDatabase(): Database {
  empty ??= serialized();
  const db = new BetterSqlite3(empty);
  db.pragma('foreign_keys = ON');
  // Nothing is ever rolled back here: what the simulated disk refuses does not begin, and what throws is a defect that ends the story.
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  return db;
}

function serialized(): Buffer {
  const db = new BetterSqlite3(':memory:');
  for (const step of MIGRATIONS) db.exec(step);
  const image = db.serialize();
  db.close();
  return image;
}
