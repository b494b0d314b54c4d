import { resolve } from 'node:path';
import { SpillwayError } from '../../core/errors.ts';

/** Where the repository's own default branch is kept in the mirror. */
export const REMOTE_HEAD = 'refs/spillway/HEAD';

export const isCommit = (ref: string): boolean => /^[0-9a-f]{40}$/.test(ref);

/** What git allows in a name, apart from what could be taken for an option, a range or an expression. */
const isRefName = (ref: string): boolean =>
  ref.length > 0 && ref.length <= 250 && !ref.startsWith('-') && !/[\p{Cc} ~^:?*[\\]|\.\.|@\{/u.test(ref);

/** Full names that a ref may mean, the most specific first; none for what cannot be a name. */
export function candidates(ref: string): readonly string[] {
  if (!isRefName(ref)) return [];
  if (ref === 'HEAD') return [REMOTE_HEAD];
  if (ref.startsWith('refs/')) return [ref];
  const short = /^[0-9a-f]{7,39}$/.test(ref) ? [ref] : [];
  return [`refs/tags/${ref}`, `refs/heads/${ref}`, ...short];
}

/** A URL as it is, a path made absolute. @throws SpillwayError `config_invalid` for what git would take for an option */
export function checkedRepository(repository: string): string {
  if (repository === '' || repository.startsWith('-') || /\p{Cc}/u.test(repository))
    throw new SpillwayError('config_invalid', `${JSON.stringify(repository)} is no repository`, {
      where: 'source',
      hint: 'Write a path, or a URL such as https://example.org/team/shop.git.',
    });
  return /^[^/]+:/.test(repository) ? repository : resolve(repository);
}
