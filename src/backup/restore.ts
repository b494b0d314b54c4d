import { execFile } from 'node:child_process';
import { access, chmod, link, mkdir, rename, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SpillwayError } from '../core/errors.ts';
import { entriesOf, missing } from '../exec/files.ts';
import { acquireOwner } from '../store/sqlite/owner.ts';
import { markRestored, readSqlite } from '../store/sqlite/transfer.ts';
import { copyRows, requireSame, sumsOf } from '../store/transfer.ts';
import { inScratch, unpackProved } from './examine.ts';
import type { BackupKey } from './key.ts';
import type { Manifest } from './manifest.ts';
import { syncFolder, unwritten } from './pack.ts';

/** The setting in which a restored store says so until the next start has recorded it. */
export const RESTORED_SETTING = 'backup.restored';

/** What that setting holds, as JSON. */
export interface RestoredNote {
  /** When the backup was made, and what its audit log was then. */
  readonly made: string;
  readonly size: number;
  readonly root: string;
  readonly restored: string;
  readonly file: string;
}

export interface RestoreRequest {
  readonly file: string;
  readonly key: BackupKey;
  readonly dataDir: string;
  /** Address of the PostgreSQL database that gets the store; null = the data folder. */
  readonly database: string | null;
  /** What is there is moved aside. */
  readonly replace: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where what was there before is now: a folder, and the name of a schema of the database. */
  readonly aside: readonly string[];
}

/** What is put back as a whole; what was there is moved aside. */
const WHOLE = ['signing.key', 'versions.key', 'secrets', 'git'];
/** What is newer where it is there: running edges, releases under their digests, pushes that nobody has taken in. */
const ADDED = ['edge/*', 'pending-events/*', 'sources/*/artifacts/*', 'apps/*/*/releases/*'];
const PRIVATE_FOLDERS = ['secrets', 'git', 'edge', 'pending-events'];

/**
 * Puts a backup back. It is unpacked and proved before anything is touched, and the store comes last: whenever this ends, there
 * is one whole store.
 * @throws SpillwayError `conflict` while a server has the folder or the database, and when there is something in it that
 *   `replace` does not allow to be moved aside; as `unpackProved`
 */
export async function restoreBackup(request: RestoreRequest): Promise<Restored> {
  const { file, key, dataDir, now } = request;
  const owner = acquireOwner(dataDir);
  try {
    await refuseRunning(dataDir);
    await refuseExisting(request);
    return await inScratch(dataDir, now, async (scratch) => {
      const manifest = await unpackProved(file, key, scratch);
      const note: RestoredNote = {
        made: manifest.made,
        size: manifest.store.size,
        root: manifest.store.root,
        restored: new Date(now).toISOString(),
        file: basename(file),
      };
      markRestored(scratch, { setting: RESTORED_SETTING, value: JSON.stringify(note), now });
      for (const folder of PRIVATE_FOLDERS) await chmod(join(scratch, folder), 0o700).catch(missing);
      await promisify(execFile)('sync', ['-f', scratch]); // one call for the file system, not one for each file
      return { manifest, aside: await place(request, scratch) };
    });
  } catch (error) {
    throw unwritten(error, file);
  } finally {
    owner.release();
  }
}

/** A server whose store is elsewhere does not own the folder, but it listens there. */
async function refuseRunning(dataDir: string): Promise<void> {
  for (const name of (await entriesOf(dataDir)).filter((entry) => SOCKET.test(entry)))
    if (await answers(join(dataDir, name)))
      throw new SpillwayError('conflict', 'a Spillway server runs on this data folder', {
        where: join(dataDir, name),
        hint: 'Stop it first; what it started goes on to run, and traffic goes on to flow.',
      });
}

const SOCKET = /^spillway(\.\d+)?\.sock$/;

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });

async function refuseExisting({ dataDir, database, replace }: RestoreRequest): Promise<void> {
  if (replace) return;
  const names = [...(database === null ? ['store.db'] : []), ...WHOLE];
  const found = await Promise.all(
    names.map(async (name) => ((await isThere(join(dataDir, name))) ? [name] : [])),
  );
  if (found.flat().length === 0) return;
  throw new SpillwayError('conflict', `there is something already: ${found.flat().join(', ')}`, {
    where: dataDir,
    hint: 'Restore into another folder with --data DIR, or say --replace: it is moved aside then, not deleted.',
  });
}

async function place(request: RestoreRequest, scratch: string): Promise<readonly string[]> {
  const { dataDir, database, now } = request;
  const aside = join(dataDir, `replaced-${new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`);
  // One that refuses leaves the folder as it was.
  const schema = database === null ? [] : await fill(request, database, scratch);
  for (const name of WHOLE) {
    await move(join(dataDir, name), join(aside, name));
    await move(join(scratch, name), join(dataDir, name));
  }
  for (const pattern of ADDED)
    for (const name of await matching(scratch, pattern.split('/')))
      if (!(await isThere(join(dataDir, name)))) await move(join(scratch, name), join(dataDir, name));
  if (database === null) await placeStore(dataDir, scratch, aside);
  await syncFolder(dataDir);
  return [...((await isThere(aside)) ? [aside] : []), ...schema];
}

/** The old store is there until the new one is: its log goes first, since it is of no other database. */
async function placeStore(dataDir: string, scratch: string, aside: string): Promise<void> {
  const store = join(dataDir, 'store.db');
  for (const end of ['-wal', '-shm']) await move(`${store}${end}`, join(aside, `store.db${end}`));
  if (await isThere(store)) {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await link(store, join(aside, 'store.db'));
  }
  await rename(join(scratch, 'store.db'), store);
}

/** @returns what the schema that was there is called now */
async function fill(
  { replace, now }: RestoreRequest,
  database: string,
  scratch: string,
): Promise<readonly string[]> {
  const { readPostgres, setSchemaAside, writePostgres } = await import('../store/postgres/transfer.ts');
  const aside = replace ? await setSchemaAside(database, now) : null;
  const source = readSqlite(join(scratch, 'store.db'));
  try {
    const copied = await copyRows(source, await writePostgres(database));
    const written = await readPostgres(database);
    requireSame(copied, await sumsOf(written).finally(() => written.close()), written.where);
  } catch (error) {
    await aside?.back();
    throw error;
  } finally {
    await source.close();
  }
  return aside === null ? [] : [`schema ${aside.name}`];
}

/** @returns nothing moved where there is nothing */
async function move(from: string, to: string): Promise<void> {
  if (!(await isThere(from))) return;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  await rename(from, to);
}

/** Paths below a folder; `*` is any name. */
async function matching(
  folder: string,
  [first, ...rest]: readonly string[],
  below = '',
): Promise<readonly string[]> {
  if (first === undefined) return [below];
  const names = first === '*' ? await namesIn(join(folder, below)) : [first];
  const found = await Promise.all(
    names.map((name) => matching(folder, rest, below === '' ? name : `${below}/${name}`)),
  );
  return found.flat();
}

const namesIn = async (folder: string): Promise<readonly string[]> =>
  (await stat(folder).catch(missing))?.isDirectory() ? entriesOf(folder) : [];

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
