import { readFile, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join, posix, relative, resolve, sep } from 'node:path';
import { SpillwayError } from '../../core/errors.ts';
import { copyTree, missing, pathsBelow } from '../../exec/files.ts';
import type { Commit, Source } from '../../ports/source.ts';
import type { System } from '../../ports/system.ts';
import { createArtifacts } from '../artifacts.ts';
import { digestTree } from '../digest.ts';

export interface FolderSourceOptions {
  /** Folder for artifacts. */
  readonly dir: string;
  /** What may lie inside the sources and is no part of them; by default the folder for artifacts. */
  readonly leaveOut?: string;
  readonly folder: string;
  readonly system: System;
}

/** Releases from a plain folder as it stands: it has no commits, and a version is a piece of its content's digest. */
export function createFolderSource({ dir, leaveOut = dir, folder, system }: FolderSourceOptions): Source {
  const artifacts = createArtifacts(dir, system);
  const own = relative(resolve(folder), resolve(leaveOut)).split(sep).join('/');
  const skip = (path: string) => path === own || basename(path) === '.git';
  const standing = (commit: string): void => {
    if (commit !== '')
      throw new SpillwayError('not_found', `a plain folder has no commit ${commit}`, { where: folder });
  };

  return {
    resolve: async (ref): Promise<Commit> => {
      if (ref !== '' && ref !== 'HEAD')
        throw new SpillwayError(
          'not_found',
          `a plain folder has no branches, tags or commits, so no ${ref}`,
          {
            where: folder,
            hint: 'Make it a Git repository to deploy by branch or tag.',
          },
        );
      const digest = await digestTree(folder, skip);
      return {
        commit: '',
        version: digest.replace('sha256:', '').slice(0, 12),
        author: userInfo().username,
        subject: '',
      };
    },

    read: async (commit, path) => {
      standing(commit);
      if (posix.isAbsolute(path) || posix.normalize(path) !== path || path.startsWith('../'))
        return undefined;
      const file = join(await realpath(folder), path);
      // As in a commit, where the path of a file leads over no link.
      if ((await realpath(file).catch(missing)) !== file || !(await stat(file)).isFile()) return undefined;
      return await readFile(file, 'utf8');
    },

    changedPaths: async (_before, commit) => {
      standing(commit);
      return await pathsBelow(folder, skip);
    },

    build: async (key, application, commit, plan, signal) => {
      standing(commit);
      return await artifacts.build({
        key,
        plan,
        signal,
        variables: { SPILLWAY_APPLICATION: application },
        checkOut: (to) => copyTree(folder, to, { skip }),
      });
    },

    artifact: (digest) => artifacts.get(digest),
  };
}
