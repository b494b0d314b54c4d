import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SpillwayError } from '../../core/errors.ts';
import { createMutex } from '../../exec/mutex.ts';
import { FETCH_LIMIT, mirrorOf, succeeded, type Git } from './git.ts';
import { candidates, isCommit, REMOTE_HEAD } from './refs.ts';

/** A bare copy of a repository that keeps every commit it has seen. */
export interface Mirror {
  /** Makes sure that a commit is here. @throws SpillwayError `not_found`, `unavailable` */
  ensure(commit: string): Promise<void>;
  /** The commit that a branch, tag or commit id means now. @throws SpillwayError `not_found`, `unavailable` */
  commitOf(ref: string): Promise<string>;
  /** A clone of its own, so that a build may ask git for its version; it shares the mirror's objects. */
  checkOut(commit: string, folder: string): Promise<void>;
}

/** @param repository as `checkedRepository` gave it */
export function createMirror(git: Git, dir: string, repository: string): Mirror {
  const fetch = createFetch(git, dir, repository);
  const notFound = (ref: string) =>
    new SpillwayError('not_found', `there is no branch, tag or commit ${JSON.stringify(ref)}`, {
      where: repository,
    });
  const has = async (commit: string): Promise<boolean> =>
    (await git(['cat-file', '-e', `${commit}^{commit}`])).code === 0;

  const ensure = async (commit: string): Promise<void> => {
    if (!isCommit(commit)) throw notFound(commit);
    await mkdir(dir, { recursive: true });
    if (await has(commit)) return;
    await fetch();
    if (await has(commit)) return;
    await fetch([commit]).catch(() => undefined); // some hosts give what no branch leads to any more
    if (!(await has(commit))) throw notFound(commit);
  };

  return {
    ensure,

    async commitOf(ref) {
      if (isCommit(ref)) {
        await ensure(ref);
        return ref;
      }
      const names = candidates(ref);
      if (names.length === 0) throw notFound(ref);
      await mkdir(dir, { recursive: true });
      await fetch(); // names move
      if (ref === 'HEAD') await fetch([`+HEAD:${REMOTE_HEAD}`]).catch(() => undefined); // an empty repository has none
      for (const name of names) {
        const { code, stdout } = await git(['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
        if (code === 0) return stdout.toString().trim();
      }
      throw notFound(ref);
    },

    async checkOut(commit, folder) {
      const options = ['--quiet', '--no-checkout', '--shared', '--template=', '--end-of-options'];
      succeeded(await git(['clone', ...options, mirrorOf(dir), folder], { folder: dir }));
      succeeded(await git(['checkout', '--quiet', '--detach', commit, '--'], { folder }));
    },
  };
}

const EVERYTHING = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/**
 * Makes the mirror when there is none, and drops the locks of a git that was killed: nobody else has them while this one
 * has the lock of its own, which the kernel takes back from the dead.
 */
const PREPARE = `
  if [ -d "$1" ]; then find "$1" -name "*.lock" -delete; fi
  git init --quiet --bare "$1" && shift && exec "$@"`;

/** Brings refs up to date, all of them unless told which; one at a time, over all processes. */
function createFetch(git: Git, dir: string, repository: string) {
  const mutex = createMutex();
  const lock = ['flock', '--timeout', String(FETCH_LIMIT / 1000), join(dir, 'fetch.lock')];
  const under = [...lock, 'sh', '-c', PREPARE, 'sh', mirrorOf(dir)];
  return (refspecs?: readonly string[]): Promise<void> =>
    mutex('fetch', async () => {
      const prune = refspecs ? [] : ['--prune'];
      const args = ['fetch', '--quiet', '--no-tags', '--force', ...prune, '--end-of-options', repository];
      const { code, stderr } = await git([...args, ...(refspecs ?? EVERYTHING)], {
        under,
        limit: FETCH_LIMIT,
      });
      if (code !== 0)
        throw new SpillwayError('unavailable', `the repository cannot be fetched: ${stderr}`, {
          where: repository,
          hint: 'Look at its address, and at the rights of the user that Spillway runs as.',
        });
    });
}
