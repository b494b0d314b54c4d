import { SpillwayError } from '../../core/errors.ts';
import type { Commit } from '../../ports/source.ts';
import type { Git } from './git.ts';

/** A commit of the mirror, for people. */
export async function describeCommit(git: Git, commit: string): Promise<Commit> {
  const shown = await git(['log', '-1', '--format=%an <%ae>%x00%s', commit, '--']);
  if (shown.code !== 0) throw new SpillwayError('not_found', `there is no commit ${commit}`);
  const [author = '', subject = ''] = shown.stdout.toString().trimEnd().split('\0').map(printable);
  return { commit, version: await versionOf(git, commit), author, subject };
}

/** Without what could command a terminal. */
const printable = (text: string) => text.replaceAll(/\p{Cc}/gu, ' ');

/** The highest version among the tags of this very commit, else `git describe`; `v1.4.0` is 1.4.0. */
async function versionOf(git: Git, commit: string): Promise<string> {
  const tags = await git(['tag', '--points-at', commit, '--sort=-v:refname']);
  const names = tags.stdout
    .toString()
    .split('\n')
    .filter((name) => name !== '');
  const tag = names.find((name) => /^v?\d/.test(name)) ?? names[0];
  const version = tag ?? (await git(['describe', '--tags', '--always', commit])).stdout.toString().trim();
  return version.replace(/^v(?=\d)/, '');
}
