import { join, resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import type { Source } from '../ports/source.ts';
import type { System } from '../ports/system.ts';
import { hostRepository, isWorkTree } from './hosted.ts';

const URL_OR_SSH = /^(?:[a-z+]+:\/\/|[\w.-]+@[\w.-]+:)/;

interface Place {
  /** The project's folder. */
  readonly dir: string;
  readonly dataDir: string;
  readonly system: System;
  /** The post-receive hook of a repository of this application. */
  readonly hook: () => Promise<string>;
}

/**
 * Where the application's releases come from: the repository that its configuration names, else one that Spillway hosts
 * for the project, else, for a folder that is no repository, the folder itself.
 */
export async function openSource(
  { application, source }: Config,
  { dir, dataDir, system, hook }: Place,
): Promise<Source> {
  const own = join(dataDir, 'sources', application);
  if (source === null && !(await isWorkTree(dir))) {
    const { createFolderSource } = await import('../sources/folder/index.ts');
    return createFolderSource({ dir: own, folder: dir, system });
  }
  const { createGitSource } = await import('../sources/git/index.ts');
  if (source !== null) {
    const repository = URL_OR_SSH.test(source) ? source : resolve(dir, source);
    return createGitSource({ dir: own, repository, system });
  }
  const repository = join(dataDir, 'git', `${application}.git`);
  await hostRepository(dir, repository, await hook());
  return createGitSource({ dir: own, repository, system });
}
