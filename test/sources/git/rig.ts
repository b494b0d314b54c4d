import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostSystem } from '../../../src/exec/system.ts';
import { createGitSource } from '../../../src/sources/git/index.ts';

const identity = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
};

/** A repository with a working folder on branch `main`, and a source that mirrors it. */
export async function makeGitRig() {
  const root = mkdtempSync(join(tmpdir(), 'spillway-git-'));
  const folder = join(root, 'repository');
  const dir = join(root, 'data');
  mkdirSync(folder);
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...identity },
    }).trim();
  git('init', '--quiet', '--initial-branch=main');
  const open = () => createGitSource({ dir, repository: folder, system: hostSystem });
  return {
    source: open(),
    open,
    git,
    folder,
    dir,
    ref: 'main',
    publish: async (message = 'A change') => {
      git('add', '--all');
      git('commit', '--quiet', '--allow-empty', '-m', message);
      return git('rev-parse', 'HEAD');
    },
    remove: async () => rmSync(root, { recursive: true }),
  };
}
