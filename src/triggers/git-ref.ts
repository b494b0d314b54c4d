import { z } from 'zod';

/** 40 hex digits. */
export const sha = z
  .string({ error: 'must be 40 hex digits' })
  .regex(/^[0-9a-f]{40}$/, { error: 'must be 40 hex digits' });

/** What Git writes where there is no commit: before a ref was made, after it was deleted. */
export const NO_COMMIT = '0'.repeat(40);

/**
 * Why a text is no full name of a ref, by the rules of git-check-ref-format(1), and shorter than 256 characters; branches
 * and tags that begin with `-` are refused as `git branch` and `git tag` do, since commands would take them for
 * options. Whatever else Git allows (spaces it does not, `$(...)`, `;` and quotes it does) is taken as it is.
 */
export function refProblem(ref: string): string | undefined {
  const parts = ref.split('/');
  if (ref.length > 255) return 'must be shorter than 256 characters';
  if (parts[0] !== 'refs' || parts.length < 3) return 'must begin with refs/, such as refs/heads/main';
  if (/[\p{Cc} ~^:?*[\\]/u.test(ref))
    return 'must not contain spaces, control characters or any of ~ ^ : ? * [ \\';
  if (ref.includes('..') || ref.includes('@{')) return 'must not contain .. or @{';
  if (ref.endsWith('.')) return 'must not end with a dot';
  if (parts.some((part) => part === '')) return 'must not contain empty parts';
  if (parts.some((part) => part.startsWith('.') || part.endsWith('.lock')))
    return 'must not have parts that begin with a dot or end with .lock';
  if (parts[2]?.startsWith('-')) return 'must not name a branch or tag that begins with -';
  return undefined;
}

/** A full ref name. */
export const ref = z.string({ error: 'must be text' }).superRefine((text, context) => {
  const problem = refProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});
