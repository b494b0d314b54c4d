import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf, missing } from '../exec/files.ts';
import { tableNamed } from '../store/transfer.ts';
import type { RowSource } from '../store/transfer.ts';
import type { SourcePart } from './pack.ts';
import { foldersIn } from './repositories.ts';

const PRIVATE = 0o600;

/** What a restored server needs beside its store and its repositories, as far as it is there. */
export async function dataParts(dataDir: string, store: RowSource): Promise<readonly SourcePart[]> {
  const single = ['signing.key', 'versions.key', 'edge/state.json'];
  const kept = await Promise.all(['secrets', 'pending-events'].map((folder) => filesIn(dataDir, folder)));
  const files = await Promise.all([...single, ...kept.flat()].map((name) => privateFile(dataDir, name)));
  return [...files.flat(), ...(await releaseParts(dataDir, await liveRevisions(store)))];
}

/** Names that begin with a dot are of whoever fills the folder: `..data` of a mounted secret, `.swp` of an editor. */
const filesIn = async (dataDir: string, folder: string): Promise<readonly string[]> =>
  (await entriesOf(join(dataDir, folder)))
    .filter((name) => !name.startsWith('.'))
    .map((name) => `${folder}/${name}`);

/** A file by its content: a link to one is a file. */
async function privateFile(dataDir: string, name: string): Promise<readonly SourcePart[]> {
  const from = join(dataDir, name);
  return (await stat(from).catch(missing))?.isFile() ? [{ kind: 'file', name, mode: PRIVATE, from }] : [];
}

/** What is live, by the hex digits of its digests. */
interface LiveRevisions {
  readonly artifacts: ReadonlySet<string>;
  readonly revisions: ReadonlySet<string>;
}

/** Of every revision that a lane serves or falls back to, or that a live deployment brings or came from. */
async function liveRevisions(store: RowSource): Promise<LiveRevisions> {
  const artifacts = new Set<string>();
  const revisions = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { digest, release } = value as { digest?: unknown; release?: { artifact?: unknown } };
    if (typeof digest === 'string' && typeof release?.artifact === 'string') {
      revisions.add(hexOf(digest));
      artifacts.add(hexOf(release.artifact));
    }
    Object.values(value).forEach(look);
  };
  for await (const page of store.rows(tableNamed('lanes', 'state')))
    for (const [state] of page) look(JSON.parse(String(state)));
  for await (const page of store.rows(tableNamed('deployments', 'live', 'snapshot')))
    for (const [live, snapshot] of page) if (live === 1) look(JSON.parse(String(snapshot)));
  return { artifacts, revisions };
}

const hexOf = (digest: string) => digest.replace(/^sha256:/, '');

/**
 * Artifacts and releases of what is live. They are not built again: a build is done once, another one may come out with another
 * digest, and the record says which digest was tested and approved.
 */
async function releaseParts(
  dataDir: string,
  { artifacts, revisions }: LiveRevisions,
): Promise<readonly SourcePart[]> {
  const parts: SourcePart[] = [];
  for (const app of await foldersIn(join(dataDir, 'sources')))
    for (const name of await foldersIn(join(dataDir, 'sources', app, 'artifacts')))
      if (artifacts.has(name)) parts.push(...(await treeParts(dataDir, `sources/${app}/artifacts/${name}`)));
  const isLive = (name: string) => [...revisions].some((digest) => digest.startsWith(name));
  for (const app of await foldersIn(join(dataDir, 'apps')))
    for (const environment of await foldersIn(join(dataDir, 'apps', app))) {
      const releases = `apps/${app}/${environment}/releases`;
      for (const name of await foldersIn(join(dataDir, releases)))
        if (isLive(name)) parts.push(...(await treeParts(dataDir, `${releases}/${name}`)));
    }
  return parts;
}

async function treeParts(dataDir: string, folder: string): Promise<readonly SourcePart[]> {
  const parts: SourcePart[] = [{ kind: 'folder', name: folder }];
  for (const entry of (await readdir(join(dataDir, folder))).toSorted()) {
    const name = `${folder}/${entry}`;
    const from = join(dataDir, name);
    const found = await lstat(from);
    if (found.isDirectory()) parts.push(...(await treeParts(dataDir, name)));
    else if (found.isSymbolicLink()) parts.push({ kind: 'link', name, to: await readlink(from) });
    else if (found.isFile()) parts.push({ kind: 'file', name, mode: found.mode & 0o777, from });
  }
  return parts;
}
