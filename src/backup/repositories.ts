import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SpillwayError, messageOf } from '../core/errors.ts';
import { entriesOf } from '../exec/files.ts';
import type { SourcePart } from './pack.ts';

const run = promisify(execFile);

/** Whoever makes a backup may be another user than the server's; what runs is Git alone, no hook. */
async function git(...args: readonly string[]): Promise<string> {
  try {
    return (
      await run('git', ['-c', 'safe.directory=*', '-c', 'core.hooksPath=/dev/null', ...args])
    ).stdout.trim();
  } catch (error) {
    throw new SpillwayError('command_failed', `git ${args.at(2) ?? ''} failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const REPOSITORY = /\.git$/;
const BUNDLE = '.bundle';
const HEAD = '.head';

/**
 * The repositories that are hosted in a data folder, each as a bundle of all its refs, which is whole although somebody pushes
 * meanwhile, and the branch that it begins with.
 * @param staging takes the bundles
 */
export async function repositoryParts(dataDir: string, staging: string): Promise<readonly SourcePart[]> {
  const parts: SourcePart[] = [];
  for (const name of (await entriesOf(join(dataDir, 'git'))).filter((entry) => REPOSITORY.test(entry))) {
    const repository = join(dataDir, 'git', name);
    const head = join(staging, `${name}${HEAD}`);
    const bundle = join(staging, `${name}${BUNDLE}`);
    await writeFile(head, await git('-C', repository, 'symbolic-ref', 'HEAD'), { mode: 0o600 });
    parts.push({ kind: 'file', name: `git/${name}${HEAD}`, mode: 0o600, from: head });
    // Git makes no bundle of nothing.
    if ((await git('-C', repository, 'for-each-ref', '--count=1')) === '') continue;
    await git('-C', repository, 'bundle', 'create', '--quiet', bundle, '--all');
    parts.push({ kind: 'file', name: `git/${name}${BUNDLE}`, mode: 0o600, from: bundle });
  }
  return parts;
}

/**
 * Makes repositories again of what a backup has of them, in its place.
 * @param folder where the backup was unpacked
 * @throws SpillwayError `command_failed` when Git does not take a bundle
 */
export async function rebuildRepositories(folder: string): Promise<void> {
  const names = await entriesOf(join(folder, 'git'));
  for (const file of names.filter((entry) => entry.endsWith(HEAD))) {
    const name = file.slice(0, -HEAD.length);
    const repository = join(folder, 'git', name);
    const bundle = join(folder, 'git', `${name}${BUNDLE}`);
    const head = (await readFile(join(folder, 'git', file), 'utf8')).trim();
    if (!head.startsWith('refs/heads/'))
      throw new SpillwayError('corrupt', `the repository ${name} begins with no branch`, { where: file });
    await mkdir(repository, { recursive: true });
    await git('-C', repository, 'init', '--quiet', '--bare');
    if (names.includes(`${name}${BUNDLE}`))
      await git('-C', repository, 'fetch', '--quiet', bundle, '+refs/*:refs/*');
    await git('-C', repository, 'symbolic-ref', 'HEAD', head);
    await rm(bundle, { force: true });
    await rm(join(folder, 'git', file));
  }
}

/** Folders directly below one, by name; none where there is no such folder. */
export const foldersIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
