import { z } from 'zod';

export const githubReviewSettings = z.strictObject({
  /** Base of GitHub's REST API: `https://api.github.com`, or `https://HOST/api/v3` of a server of one's own. */
  api: z.url({ protocol: /^https?$/, error: 'must be a URL such as https://api.github.com' }),
  appId: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, { error: 'must be the id of a GitHub App' }),
  /** PEM. */
  privateKey: z
    .string()
    .includes('PRIVATE KEY', { error: 'must be the private key of the GitHub App (PEM)' }),
  /** Their environments by name, and the one here that answers for each; those that are not named have the same name. */
  environments: z.record(z.string(), z.string()),
  timeoutMs: z.number().min(1).default(10_000),
});

export type GithubReviewSettings = z.infer<typeof githubReviewSettings>;
