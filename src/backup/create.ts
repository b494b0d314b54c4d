import { link, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import { copyDatabase, readSqlite, requireStore, writeSqlite } from '../store/sqlite/transfer.ts';
import { copyRows } from '../store/transfer.ts';
import { describeStore, inScratch, signingKeyIn, unpackProved } from './examine.ts';
import type { BackupKey } from './key.ts';
import type { Manifest } from './manifest.ts';
import { pack, syncBeside, unwritten } from './pack.ts';
import type { SourcePart } from './pack.ts';
import { dataParts } from './parts.ts';
import { repositoryParts } from './repositories.ts';

export interface BackupRequest {
  readonly dataDir: string;
  /** Address of the PostgreSQL database that is the store; null = the one in the data folder. */
  readonly database: string | null;
  /** The backup; it must not exist. */
  readonly file: string;
  readonly key: BackupKey;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Of Spillway. */
  readonly version: string;
}

/**
 * Backs up everything that a server keeps and that cannot be made again, while it runs or not. The file has its name only once
 * it was unpacked again and proved.
 * @throws SpillwayError `conflict` when the file is there already; `unavailable` when there is no room or nobody answers;
 *   `corrupt` when the store is not sound; then nothing is left of it
 */
export async function createBackup(request: BackupRequest): Promise<Manifest> {
  const { dataDir, database, file, key, now } = request;
  if (database === null) requireStore(dataDir);
  const part = join(dirname(file), `.${basename(file)}.${process.pid}.part`);
  try {
    return await inScratch(dataDir, now, async (scratch) => {
      await inScratch(scratch, now, (staging) => write(request, part, staging));
      const manifest = await unpackProved(part, key, await mkdtemp(join(scratch, 'proof-')));
      await publish(part, file);
      return manifest;
    });
  } catch (error) {
    throw unwritten(error, file);
  } finally {
    await rm(part, { force: true });
  }
}

async function write(request: BackupRequest, part: string, staging: string): Promise<void> {
  const { dataDir, key, now, version } = request;
  await stageStore(request, staging);
  const database = join(staging, 'store.db');
  const source = readSqlite(database);
  try {
    const about = {
      made: new Date(now).toISOString(),
      spillway: version,
      store: await describeStore(source, await signingKeyIn(dataDir)),
    };
    const parts: readonly SourcePart[] = [
      { kind: 'file', name: 'store.db', mode: 0o600, from: database },
      ...(await dataParts(dataDir, source)),
      ...(await repositoryParts(dataDir, staging)),
    ];
    await pack(part, key, about, parts);
  } finally {
    await source.close();
  }
}

/** Either store becomes a database of the embedded one: it is proved without a server, and restored to either. */
async function stageStore({ dataDir, database }: BackupRequest, staging: string): Promise<void> {
  if (database === null) return copyDatabase(dataDir, join(staging, 'store.db'));
  const { readPostgres } = await import('../store/postgres/transfer.ts');
  const source = await readPostgres(database);
  try {
    await copyRows(source, writeSqlite(staging));
  } finally {
    await source.close();
  }
}

/** Gives a finished file its name; one that has it keeps it. */
async function publish(part: string, file: string): Promise<void> {
  await link(part, file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST')
      throw new SpillwayError('conflict', 'there is such a file already', {
        where: file,
        hint: 'A backup never takes the place of another: name a new file.',
        cause,
      });
    // A file system without hard links.
    return rename(part, file);
  });
  await rm(part, { force: true });
  await syncBeside(file);
}
