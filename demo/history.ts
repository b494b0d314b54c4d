import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Edit, Release } from './releases.ts';

const SHOP = join(import.meta.dirname, '..', 'examples', 'shop');
const BRANCH = 'main';

/** Nothing of the user's own Git settings has a say here. */
const GIT_ENVIRONMENT = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Sam Shop',
  GIT_AUTHOR_EMAIL: 'sam@shop.example',
  GIT_COMMITTER_NAME: 'Sam Shop',
  GIT_COMMITTER_EMAIL: 'sam@shop.example',
};

/** What a push has moved, as a host would tell it. */
export interface Push {
  readonly before: string;
  readonly after: string;
  readonly ref: string;
  readonly subject: string;
}

/** A working copy of the shop and the bare repository that it is pushed to. */
export class History {
  readonly work: string;
  readonly origin: string;
  /** The last commit is a bad release, to be taken back before the next. */
  #bad = false;

  /** @param port where the shop is open to users, in the place of the example's */
  constructor(folder: string, port: number) {
    this.work = join(folder, 'shop');
    this.origin = join(folder, 'shop.git');
    mkdirSync(folder, { recursive: true });
    git(folder, 'init', '--quiet', '--bare', `--initial-branch=${BRANCH}`, this.origin);
    git(folder, 'init', '--quiet', `--initial-branch=${BRANCH}`, this.work);
    git(this.work, 'remote', 'add', 'origin', this.origin);
    cpSync(SHOP, this.work, { recursive: true });
    this.#edit({ file: 'spillway.yaml', from: '127.0.0.1:8080', to: `127.0.0.1:${port}` });
    this.#edit({
      file: 'spillway.yaml',
      from: 'application: shop',
      to: `application: shop\nsource: ${this.origin}`,
    });
  }

  /** Commits a release on top of the last good one, which a revert brings back where it must. */
  commit({ edits, subject, tag, expected }: Release): void {
    if (this.#bad) git(this.work, 'revert', '--no-edit', 'HEAD');
    for (const edit of edits) this.#edit(edit);
    git(this.work, 'add', '--all');
    git(this.work, 'commit', '--quiet', `--message=${subject}`);
    git(this.work, 'tag', tag);
    this.#bad = expected === 'rolled_back';
  }

  /** Pushes the branch and the new tags at once; the origin's hook runs, where there is one. */
  push(): Push {
    const before = git(this.work, 'ls-remote', 'origin', `refs/heads/${BRANCH}`).split('\t')[0] ?? '';
    git(this.work, 'push', '--quiet', '--atomic', 'origin', BRANCH, '--tags');
    const [after = '', subject = ''] = git(this.work, 'log', '-1', '--format=%H%n%s').split('\n');
    return { before: before === '' ? '0'.repeat(40) : before, after, ref: `refs/heads/${BRANCH}`, subject };
  }

  #edit({ file, from, to }: Edit): void {
    const path = join(this.work, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(from).length !== 2)
      throw new Error(`${file} does not hold this text exactly once: ${from}`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
}

/** Runs Git in a folder. @returns what it said */
export function git(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', folder, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, ...GIT_ENVIRONMENT },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}
