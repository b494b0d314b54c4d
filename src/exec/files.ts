import { execFile } from 'node:child_process';
import {
  constants,
  chmod,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { SpillwayError } from '../core/errors.ts';

/** @returns undefined where `error` says that there is no such file; others are thrown on. */
export function missing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}

/** Names of a folder's entries; none when there is no folder. */
export const entriesOf = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder).catch(missing)) ?? [];

/** Checks that a name can stand for a file or folder, whatever it was made from. @throws SpillwayError `config_invalid` */
export function fileName(name: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) return name;
  throw new SpillwayError('config_invalid', `${JSON.stringify(name)} cannot be used as a name`, {
    hint: 'Names are of letters, digits, ".", "_" and "-", at most 128, and begin with a letter or digit.',
  });
}

export interface CopyOptions {
  /** Whether an entry is left out; `path` is relative to the folder, with `/`. */
  readonly skip?: (path: string) => boolean;
  /** Takes the right to write from the files of the copy. */
  readonly readOnly?: boolean;
}

/**
 * Copies a folder so that nothing is shared with the original but disk blocks that the file system copies on writing.
 * Modes become 755 or 644 whatever the umask; links stay as they are.
 * @throws SpillwayError `config_invalid` for what is neither file, folder nor link
 */
export async function copyTree(
  from: string,
  to: string,
  options: CopyOptions = {},
  below = '',
): Promise<void> {
  await mkdir(join(to, below), { recursive: true });
  await chmod(join(to, below), 0o755);
  for (const name of await readdir(join(from, below))) {
    const path = below ? `${below}/${name}` : name;
    if (options.skip?.(path)) continue;
    const source = join(from, path);
    const stat = await lstat(source);
    if (stat.isDirectory()) await copyTree(from, to, options, path);
    else if (stat.isSymbolicLink()) await symlink(await readlink(source), join(to, path));
    else if (stat.isFile()) {
      await copyFile(source, join(to, path), constants.COPYFILE_FICLONE);
      await chmod(join(to, path), (stat.mode & 0o100 ? 0o755 : 0o644) & (options.readOnly ? 0o555 : 0o777));
    } else
      throw new SpillwayError('config_invalid', 'not a file, folder or symbolic link', { where: source });
  }
}

/** Paths of what is not a folder below a folder, with `/`, in order. */
export async function pathsBelow(
  folder: string,
  skip: (path: string) => boolean,
  below = '',
): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below ? `${below}/${entry.name}` : entry.name;
    if (skip(path)) continue;
    if (entry.isDirectory()) paths.push(...(await pathsBelow(folder, skip, path)));
    else paths.push(path);
  }
  return paths.toSorted((a, b) => (a < b ? -1 : 1));
}

/**
 * Puts a finished folder in its place in one step, durably. A folder that is there already stays: its content is the same.
 */
export async function installFolder(finished: string, place: string): Promise<void> {
  await promisify(execFile)('sync', ['-f', finished]); // one call for the file system, not one for each file
  try {
    await rename(finished, place);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await rm(finished, { recursive: true });
  }
  await syncFolder(dirname(place));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Deletes a folder so that nobody ever sees half of it. `trash` is a name beside it that is not in use. */
export async function removeFolder(folder: string, trash: string): Promise<void> {
  if (!(await lstat(folder).catch(missing))) return;
  await rename(folder, trash);
  await rm(trash, { recursive: true, force: true });
}
