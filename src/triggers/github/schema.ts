import { z } from 'zod';
import { ref, sha } from '../git-ref.ts';

/** What the trigger needs. Several secrets while one replaces another. */
export const githubSettings = z.strictObject({
  secrets: z.array(z.string().min(16, { error: 'must have at least 16 characters' })).min(1),
});

export type GithubSettings = z.infer<typeof githubSettings>;

const login = z.string().min(1).max(100);

/** What is read of a push. Everything else in the payload is left alone. */
export const pushPayload = z.object({
  ref,
  before: sha,
  after: sha,
  deleted: z.boolean().default(false),
  created: z.boolean().default(false),
  forced: z.boolean().default(false),
  repository: z.object({
    full_name: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, { error: 'must be owner/name' }),
  }),
  pusher: z.object({ name: login }),
  sender: z.object({ login }).optional(),
  /** Of an annotated tag: the commit behind it (`after` is the tag itself). */
  head_commit: z.object({ id: sha, message: z.string().max(100_000) }).nullish(),
});

export type PushPayload = z.infer<typeof pushPayload>;
