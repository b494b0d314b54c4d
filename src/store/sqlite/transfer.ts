import BetterSqlite3 from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { SpillwayError } from '../../core/errors.ts';
import { TABLES } from '../transfer.ts';
import type { Cell, Row, RowSink, RowSource, Table } from '../transfer.ts';
import { databasePath, openDatabase } from './database.ts';
import { corrupt, storeError } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';

const PAGE = 500;
/** More pages than any database has: all of it in one step. */
const ALL_PAGES = 2 ** 31 - 1;

/** A connection that changes nothing. @throws SpillwayError as `openDatabase`; `not_found` */
function openReading(path: string): Database {
  try {
    const db = new BetterSqlite3(path, { readonly: true, fileMustExist: true });
    const form = formIn(db);
    if (form >= 1 && form <= MIGRATIONS.length) return db;
    db.close();
    throw unknownForm(path, form);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'SQLITE_CANTOPEN') throw storeError(error, path);
    throw new SpillwayError('not_found', 'there is no store', {
      where: path,
      hint: 'Name the data folder of a server with --data, or the database with --database.',
    });
  }
}

/** @throws SpillwayError `not_found` where a folder has no store; as `openReading` */
export const requireStore = (dir: string): void => void openReading(databasePath(dir)).close();

/** How many steps of form a database has taken; 0 = it is no store yet. */
const formIn = (db: Database): number => Number(db.pragma('user_version', { simple: true }));

const unknownForm = (path: string, form: number): SpillwayError =>
  form === 0
    ? new SpillwayError('not_found', 'this database is no store of Spillway', { where: path })
    : new SpillwayError('conflict', `the store was written by a newer Spillway (form ${form})`, {
        where: path,
        hint: `This one knows forms up to ${MIGRATIONS.length}: use the newer version.`,
      });

/**
 * Copies the database of a folder as it is at one moment, while a server writes to it. It is read in one transaction, which
 * holds nobody up: until it is over, only the write-ahead log is not emptied.
 * @param to a file that does not exist yet; it is on the disk when this returns
 */
export async function copyDatabase(dir: string, to: string): Promise<void> {
  const path = databasePath(dir);
  const db = openReading(path);
  try {
    await db.backup(to, { progress: () => ALL_PAGES });
  } catch (error) {
    throw storeError(error, path);
  } finally {
    db.close();
  }
}

/** Looks at every page, index and reference of a database. @throws SpillwayError `corrupt` */
export function checkDatabase(path: string): void {
  const db = openReading(path);
  try {
    const [found] = db.prepare<[], string>('PRAGMA integrity_check(1)').pluck().all();
    if (found !== 'ok') throw corrupt(path, String(found));
    const dangling = db.prepare<[], { table: string }>('PRAGMA foreign_key_check').all();
    if (dangling.length > 0) throw corrupt(path, `rows of ${dangling[0]?.table} refer to what is not there`);
  } catch (error) {
    throw storeError(error, path);
  } finally {
    db.close();
  }
}

/** The rows of a database file, as they are at the first look. */
export function readSqlite(path: string): RowSource {
  const db = openReading(path);
  db.exec('BEGIN');
  return {
    where: path,
    form: formIn(db),
    newestForm: MIGRATIONS.length,
    async *rows(table) {
      try {
        let page: Row[] = [];
        for (const row of db.prepare<[], Cell[]>(selectOf(table)).raw().iterate()) {
          page.push(row);
          if (page.length < PAGE) continue;
          yield page;
          page = [];
        }
        if (page.length > 0) yield page;
      } catch (error) {
        throw storeError(error, path);
      }
    },
    count: async ({ name }) => Number(db.prepare(`SELECT count(*) FROM ${name}`).pluck().get()),
    close: async () => void db.close(),
  };
}

/** A claimed task is one that waits. */
const selectOf = ({ name, columns, order }: Table): string => {
  const values = columns.map((column) =>
    name === 'tasks' && column.name === 'state' ? 'iif(state = 2, 0, state)' : column.name,
  );
  return `SELECT ${values.join(', ')} FROM ${name} ORDER BY ${order}`;
};

/**
 * Takes rows into the store of a folder, which is made where there is none.
 * @throws SpillwayError `conflict` when there is something in it
 */
export function writeSqlite(dir: string): RowSink {
  const path = databasePath(dir);
  const db = openDatabase(dir);
  if (!isEmpty(db)) {
    db.close();
    throw new SpillwayError('conflict', 'there is a store already', {
      where: path,
      hint: 'Name a folder without one, or move that one away first.',
    });
  }
  db.exec('BEGIN IMMEDIATE; DELETE FROM fence; DELETE FROM audit_tree');
  return {
    async write({ name, columns }, rows) {
      const places = columns.map(() => '?').join(', ');
      const names = columns.map((column) => column.name).join(', ');
      const insert = db.prepare<unknown[]>(`INSERT INTO ${name} (${names}) VALUES (${places})`);
      try {
        for (const row of rows) insert.run(...row);
      } catch (error) {
        throw storeError(error, path);
      }
    },
    async finish() {
      try {
        db.exec('COMMIT');
        db.close();
      } catch (error) {
        throw storeError(error, path);
      }
    },
    async abandon() {
      if (!db.open) return;
      if (db.inTransaction) db.exec('ROLLBACK');
      db.close();
    },
  };
}

const isEmpty = (db: Database): boolean =>
  TABLES.every(({ name }) => {
    const unused = name === 'fence' ? 'WHERE last > 0' : name === 'audit_tree' ? 'WHERE size > 0' : '';
    return db.prepare(`SELECT 1 FROM ${name} ${unused} LIMIT 1`).get() === undefined;
  });

/**
 * Makes an unpacked store ready to go on: it is brought to the present form, says that it was restored, and draws fences that are
 * newer than any that was drawn after its backup. Fences count claims, of which there are fewer than a thousand a second: the
 * time in milliseconds is ahead of them, and of those of an earlier restore.
 */
export function markRestored(
  dir: string,
  { setting, value, now }: { readonly setting: string; readonly value: string; readonly now: number },
): void {
  const db = openDatabase(dir);
  try {
    db.transaction(() => {
      db.prepare('INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value').run(
        setting,
        value,
      );
      db.prepare('UPDATE fence SET last = max(last + 1, ?)').run(Math.floor(now));
    })();
  } finally {
    db.close();
  }
}

/** Brings the store of a folder to the present form, or only looks. @returns the form that it had, and the present one */
export function migrateSqlite(dir: string, check: boolean): { readonly from: number; readonly to: number } {
  const reading = openReading(databasePath(dir));
  const from = formIn(reading);
  reading.close();
  if (!check) openDatabase(dir).close();
  return { from, to: MIGRATIONS.length };
}
