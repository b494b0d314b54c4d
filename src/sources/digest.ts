import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, join, posix, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SpillwayError } from '../core/errors.ts';
import { artifactDigest, type ArtifactDigest } from '../core/ids.ts';
import { missing } from '../exec/files.ts';

type Entry =
  | readonly ['folder', string]
  | readonly ['link', string, string]
  | readonly ['file' | 'program', string, string];

/**
 * The identity of a folder's content: SHA-256 over its entries in the order of their paths, each with its kind (a file that
 * its owner may execute is a program) and the SHA-256 of its content, or the target of a link. Times, owners, other mode
 * bits and the order on disk have no part in it.
 * @throws SpillwayError `config_invalid` for a link that leads outside, an odd name, or what is neither file, folder nor link
 */
export async function digestTree(
  folder: string,
  skip: (path: string) => boolean = () => false,
): Promise<ArtifactDigest> {
  const entries: Entry[] = [];
  for await (const entry of entriesOf(folder, await realpath(folder), '', skip)) entries.push(entry);
  const hash = createHash('sha256').update('spillway artifact 1\n');
  for (const entry of entries.toSorted(([, a], [, b]) => (a < b ? -1 : 1)))
    hash.update(`${JSON.stringify(entry)}\n`);
  return artifactDigest(`sha256:${hash.digest('hex')}`);
}

async function* entriesOf(
  folder: string,
  root: string,
  below: string,
  skip: (path: string) => boolean,
): AsyncGenerator<Entry> {
  for (const name of await readdir(join(folder, below))) {
    const path = below ? `${below}/${name}` : name;
    if (skip(path)) continue;
    if (path.includes('\uFFFD')) throw refusal(path, 'has a name that is not UTF-8');
    const file = join(folder, path);
    const stat = await lstat(file);
    if (stat.isSymbolicLink()) yield ['link', path, await innerTarget(file, root, path)];
    else if (stat.isFile()) yield [stat.mode & 0o100 ? 'program' : 'file', path, await hashOf(file)];
    else if (stat.isDirectory()) {
      yield ['folder', path];
      yield* entriesOf(folder, root, path, skip);
    } else throw refusal(path, 'is not a file, folder or symbolic link');
  }
}

/** A link's target, which must lie inside both as written and, since links can lead over links, as the system follows it. */
async function innerTarget(file: string, root: string, path: string): Promise<string> {
  const target = await readlink(file);
  const written = posix.normalize(posix.join(posix.dirname(path), target));
  const followed = await follow(await realpath(dirname(file)), target);
  const inside =
    !posix.isAbsolute(target) &&
    written !== '..' &&
    !written.startsWith('../') &&
    (followed === root || followed.startsWith(root + sep));
  if (!inside) throw refusal(path, `is a link that leads outside: ${target}`);
  return target;
}

/** Where a path leads from a folder, link by link, also when nothing is there yet. */
async function follow(folder: string, target: string): Promise<string> {
  let at = folder;
  for (const part of target.split('/')) {
    at = join(at, part);
    at = (await realpath(at).catch(missing)) ?? at;
  }
  return at;
}

const refusal = (path: string, why: string) =>
  new SpillwayError('config_invalid', `${JSON.stringify(path)} ${why}`, {
    where: path,
    hint: 'An artifact must be complete in itself: leave it out of artifact.path, or copy what it means.',
  });

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
