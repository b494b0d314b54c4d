import { randomUUID } from 'node:crypto';
import { githubHeaders } from '../../demo/webhook.ts';

/** Long enough for a real one. */
export const WEBHOOK_SECRET = 'known-to-the-benchmark-alone';
/** Bytes of a push of a few commits, as GitHub sends it. */
const BODY_BYTES = 8000;

export interface Webhook {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A signed push of a commit to a fresh branch of its own: no two have the same body or delivery id. */
export function pushWebhook(commit: string): Webhook {
  const push = {
    ref: `refs/heads/topic-${randomUUID()}`,
    before: '0'.repeat(40),
    after: commit,
    created: true,
    deleted: false,
    forced: false,
    repository: { full_name: 'example/tiny', description: '' },
    pusher: { name: 'sam' },
    sender: { login: 'sam' },
    head_commit: { id: commit, message: 'A change on a branch that nothing is deployed from' },
  };
  push.repository.description = 'x'.repeat(BODY_BYTES - JSON.stringify(push).length);
  const body = JSON.stringify(push);
  return { body, headers: githubHeaders(WEBHOOK_SECRET, body) };
}
