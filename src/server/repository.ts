import { join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Source } from '../ports/source.ts';
import type { System } from '../ports/system.ts';
import { hostRepository, isWorkTree } from './hosted.ts';
import { gitHook, invocation } from './invocation.ts';

const URL_OR_SSH = /^(?:[a-z+]+:\/\/|[\w.-]+@[\w.-]+:)/;

interface Place {
  /** The project's folder. */
  readonly dir: string;
  readonly dataDir: string;
  readonly system: System;
}

export interface Repository {
  readonly source: Source;
  /** What a person in the project types to push to the hosted repository; null where none is hosted. */
  readonly pushWith: string | null;
}

/**
 * Where the application's releases come from: the repository that its configuration names, else one that Spillway hosts
 * for the project, else, for a folder that is no repository, the folder itself.
 */
export async function openRepository(config: Config, { dir, dataDir, system }: Place): Promise<Repository> {
  const { application, source } = config;
  const own = join(dataDir, 'sources', application);
  if (source === null && !(await isWorkTree(dir))) {
    const { createFolderSource } = await import('../sources/folder/index.ts');
    // The data folder is no part of what is released: it holds keys, and changes all the time.
    return {
      source: createFolderSource({ dir: own, leaveOut: dataDir, folder: dir, system }),
      pushWith: null,
    };
  }
  const { createGitSource } = await import('../sources/git/index.ts');
  if (source !== null) {
    const repository = URL_OR_SSH.test(source) ? source : resolve(dir, source);
    return { source: createGitSource({ dir: own, repository, system }), pushWith: null };
  }
  const repository = join(dataDir, 'git', `${application}.git`);
  const pushWith = await hostRepository(dir, repository, await hookFor(application, dataDir));
  return { source: createGitSource({ dir: own, repository, system }), pushWith };
}

async function hookFor(application: string, dataDir: string): Promise<string> {
  const git = await gitHook();
  return git.script([...invocation, '--data', dataDir, 'hook', 'post-receive', '--app', application]);
}
