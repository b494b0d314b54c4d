import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import { entriesOf } from '../exec/files.ts';
import { proveAudit } from '../store/proof.ts';
import { checkDatabase, readSqlite } from '../store/sqlite/transfer.ts';
import { tableNamed } from '../store/transfer.ts';
import type { RowSource } from '../store/transfer.ts';
import type { BackupKey } from './key.ts';
import type { Manifest } from './manifest.ts';
import { rebuildRepositories } from './repositories.ts';
import { unpack } from './unpack.ts';

/** What a store is, as far as a backup tells. */
export async function describeStore(
  source: RowSource,
  signingKey: string | null,
): Promise<Manifest['store']> {
  const log = await proveAudit(source, signingKey);
  const events = await source.count(tableNamed('events'));
  return { form: source.form, events, ...log };
}

/** PEM; null where a folder has none. */
export const signingKeyIn = (folder: string): Promise<string | null> =>
  readFile(join(folder, 'signing.key'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });

/**
 * Unpacks a backup into an empty folder and proves it there: every sum, every page and reference of the database, the audit
 * log against its leaves, its last checkpoint against the key, every repository by making it again.
 * @throws SpillwayError as `unpack`; `corrupt` for what is not proved; `conflict` when it is of a newer Spillway
 */
export async function unpackProved(file: string, key: BackupKey, into: string): Promise<Manifest> {
  const manifest = await unpack(file, key, into);
  const database = join(into, 'store.db');
  checkDatabase(database);
  const source = readSqlite(database);
  try {
    const found = await describeStore(source, await signingKeyIn(into));
    const said = manifest.store;
    const other = (Object.keys(found) as Array<keyof typeof found>).filter(
      (name) => found[name] !== said[name],
    );
    if (other.length > 0)
      throw new SpillwayError(
        'corrupt',
        `the store in it is not the one that it names: ${other.join(', ')}`,
        {
          where: file,
        },
      );
  } finally {
    await source.close();
  }
  await rebuildRepositories(into);
  return manifest;
}

/** Proves a backup as `unpackProved` does, in a folder for temporary files (TMPDIR). */
export async function verifyBackup(file: string, key: BackupKey): Promise<Manifest> {
  const scratch = await mkdtemp(join(tmpdir(), 'spillway-verify-'));
  return unpackProved(file, key, scratch).finally(() => rm(scratch, { recursive: true, force: true }));
}

const SCRATCH = '.backup-';
/** What a killed Spillway left is deleted after this long. */
const ABANDONED_MS = 24 * 3600_000;

/**
 * Does something in a folder of its own that is gone afterwards: in the data folder, since what is in work is as secret as
 * what is there.
 */
export async function inScratch<Value>(
  dataDir: string,
  now: number,
  work: (scratch: string) => Promise<Value>,
): Promise<Value> {
  for (const name of (await entriesOf(dataDir)).filter((entry) => entry.startsWith(SCRATCH)))
    await dropAbandoned(join(dataDir, name), now);
  const scratch = await mkdtemp(join(dataDir, SCRATCH));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function dropAbandoned(folder: string, now: number): Promise<void> {
  try {
    if (now - (await stat(folder)).mtimeMs > ABANDONED_MS) await rm(folder, { recursive: true });
  } catch {
    // Another user's, or just gone: nothing that a backup has to wait for.
  }
}
