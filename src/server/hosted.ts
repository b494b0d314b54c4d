import { execFile } from 'node:child_process';
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const git = async (...args: readonly string[]) => (await run('git', args)).stdout.trim();

/** By this name a project knows the repository that Spillway hosts for it. */
const REMOTE = 'spillway';

/**
 * Makes sure that a project can push to a repository in Spillway's own folder: the bare repository, its hook, and a
 * remote in the project. Where the project has no other remote, a plain `git push` goes there.
 * @param hook text of the post-receive hook
 * @returns the command that pushes there
 */
export async function hostRepository(project: string, repository: string, hook: string): Promise<string> {
  const fresh = !(await exists(join(repository, 'HEAD')));
  if (fresh) {
    await mkdir(repository, { recursive: true });
    await git('init', '--quiet', '--bare', repository);
    await git('-C', repository, 'symbolic-ref', 'HEAD', await branchOf(project));
  }
  const path = join(repository, 'hooks', 'post-receive');
  await mkdir(join(repository, 'hooks'), { recursive: true });
  await writeFile(path, hook);
  await chmod(path, 0o755);
  await addRemote(project, repository);
  const usual = await git('-C', project, 'config', 'remote.pushDefault').catch(() => '');
  return usual === REMOTE ? 'git push' : `git push ${REMOTE}`;
}

const branchOf = (project: string): Promise<string> =>
  git('-C', project, 'symbolic-ref', 'HEAD').catch(() => 'refs/heads/main');

async function addRemote(project: string, repository: string): Promise<void> {
  const remotes = (await git('-C', project, 'remote')).split('\n').filter((name) => name !== '');
  if (remotes.includes(REMOTE)) {
    await git('-C', project, 'remote', 'set-url', REMOTE, repository);
    return;
  }
  await git('-C', project, 'remote', 'add', REMOTE, repository);
  if (remotes.length > 0) return;
  await git('-C', project, 'config', 'remote.pushDefault', REMOTE);
  await git('-C', project, 'config', 'push.default', 'current');
}

/** Whether the folder itself is the top of a work tree. */
export const isWorkTree = (folder: string): Promise<boolean> => exists(join(folder, '.git'));

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
