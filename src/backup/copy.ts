import { SpillwayError } from '../core/errors.ts';
import { proveAudit } from '../store/proof.ts';
import type { ProvedLog } from '../store/proof.ts';
import { databasePath } from '../store/sqlite/database.ts';
import { acquireOwner } from '../store/sqlite/owner.ts';
import { migrateSqlite, readSqlite, requireStore, writeSqlite } from '../store/sqlite/transfer.ts';
import { copyRows, requireSame, sumsOf } from '../store/transfer.ts';
import type { RowSink, RowSource, TableSum } from '../store/transfer.ts';
import { signingKeyIn } from './examine.ts';

/** Where a store is: a data folder, or the address of a PostgreSQL database. */
export type StorePlace =
  { readonly kind: 'folder'; readonly dir: string } | { readonly kind: 'database'; readonly url: string };

export interface StoreCopied {
  readonly sums: readonly TableSum[];
  readonly log: ProvedLog;
}

/**
 * Copies a whole store that is not in use into an empty one, reads the copy back, and proves its audit log.
 * @throws SpillwayError `conflict` while a server uses either, when the target is not empty, or the source is not of the
 *   present form; `corrupt` when the copy is not what was read
 */
export async function copyStore(from: StorePlace, to: StorePlace): Promise<StoreCopied> {
  if (from.kind === 'folder') requireStore(from.dir);
  const releases = [from, to].flatMap((place) => (place.kind === 'folder' ? [place.dir] : [])).map(owned);
  try {
    const key = from.kind === 'folder' ? await signingKeyIn(from.dir) : null;
    const source = await reading(from, true);
    const sums = await writing(to)
      .then((sink) => copyRows(source, sink))
      .finally(() => source.close());
    const written = await reading(to, false);
    try {
      requireSame(sums, await sumsOf(written), written.where);
      return { sums, log: await proveAudit(written, key) };
    } finally {
      await written.close();
    }
  } finally {
    for (const release of releases) release();
  }
}

function owned(dir: string): () => void {
  const owner = acquireOwner(dir);
  return () => owner.release();
}

async function reading(place: StorePlace, still: boolean): Promise<RowSource> {
  if (place.kind === 'folder') return readSqlite(databasePath(place.dir));
  return (await import('../store/postgres/transfer.ts')).readPostgres(place.url, still);
}

async function writing(place: StorePlace): Promise<RowSink> {
  if (place.kind === 'folder') return writeSqlite(place.dir);
  return (await import('../store/postgres/transfer.ts')).writePostgres(place.url);
}

/** What a store's form was and what it is, or with `check` would be. */
export interface Migrated {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings a store to the present form; with `check` it only looks.
 * @throws SpillwayError `not_found` where there is no store; `conflict` while a server owns the folder, or it is of a newer
 *   Spillway
 */
export async function migrateStore(place: StorePlace, check: boolean): Promise<Migrated> {
  const migrated = await (place.kind === 'folder'
    ? migrateFolder(place.dir, check)
    : migrateDatabase(place.url, check));
  if (migrated.from > 0) return migrated;
  throw new SpillwayError('not_found', 'there is no store in this database', {
    hint: 'It is made by: spillway up --database URL',
  });
}

async function migrateDatabase(url: string, check: boolean): Promise<Migrated> {
  const { migratePostgres } = await import('../store/postgres/transfer.ts');
  return migratePostgres(url, check);
}

async function migrateFolder(dir: string, check: boolean): Promise<Migrated> {
  requireStore(dir);
  if (check) return migrateSqlite(dir, check);
  const release = owned(dir);
  try {
    return migrateSqlite(dir, check);
  } finally {
    release();
  }
}
