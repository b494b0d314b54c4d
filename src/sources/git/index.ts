import type { Source } from '../../ports/source.ts';
import type { System } from '../../ports/system.ts';
import { createArtifacts } from '../artifacts.ts';
import { describeCommit } from './describe.ts';
import { createGit, succeeded } from './git.ts';
import { createMirror } from './mirror.ts';
import { checkedRepository } from './refs.ts';

export interface GitSourceOptions {
  /** Folder for the mirror and the artifacts. */
  readonly dir: string;
  /** Path or URL: `file`, `https` and `ssh` are spoken. */
  readonly repository: string;
  readonly system: System;
}

const LARGEST_FILE = 10_000_000;

/** Releases from a Git repository, through a mirror of it. @throws SpillwayError `config_invalid` for what is no address */
export function createGitSource({ dir, repository, system }: GitSourceOptions): Source {
  const git = createGit(dir, system);
  const mirror = createMirror(git, dir, checkedRepository(repository));
  const artifacts = createArtifacts(dir, system);

  return {
    resolve: async (ref) => await describeCommit(git, await mirror.commitOf(ref)),

    read: async (commit, path) => {
      await mirror.ensure(commit);
      const { stdout } = await git(['ls-tree', '-z', '--full-tree', commit, '--', path]);
      const [, mode, object = '', name] =
        /^(\d+) blob ([0-9a-f]+)\t([^\0]+)\0$/.exec(stdout.toString()) ?? [];
      if (name !== path || mode === LINK) return undefined;
      return succeeded(await git(['cat-file', 'blob', object], { maxBytes: LARGEST_FILE })).toString();
    },

    changedPaths: async (before, commit) => {
      await mirror.ensure(commit);
      if (before !== null) await mirror.ensure(before);
      const list =
        before === null
          ? await git(['ls-tree', '-r', '-z', '--name-only', '--full-tree', commit])
          : await git(['diff-tree', '-r', '-z', '--name-only', '--no-renames', before, commit]);
      return succeeded(list)
        .toString()
        .split('\0')
        .filter((path) => path !== '');
    },

    build: async (key, application, commit, plan, signal) => {
      await mirror.ensure(commit);
      const { version } = await describeCommit(git, commit);
      const madeAt = succeeded(await git(['log', '-1', '--format=%ct', commit, '--']));
      return await artifacts.build({
        key,
        plan,
        signal,
        variables: {
          SPILLWAY_APPLICATION: application,
          SPILLWAY_COMMIT: commit,
          SPILLWAY_VERSION: version,
          SOURCE_DATE_EPOCH: madeAt.toString().trim(), // reproducible-builds.org: instead of the present time
        },
        checkOut: (folder) => mirror.checkOut(commit, folder),
      });
    },

    artifact: (digest) => artifacts.get(digest),
  };
}

/** The mode of a symbolic link in git's trees. */
const LINK = '120000';
