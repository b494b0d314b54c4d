import { createHmac, randomUUID } from 'node:crypto';
import type { Push } from './history.ts';

/** Reports a push as GitHub would. @throws when it is not accepted */
export async function reportAsGithub(hooks: string, secret: string, push: Push): Promise<void> {
  const { before, after, ref, subject } = push;
  const body = JSON.stringify({
    ref,
    before,
    after,
    created: false,
    deleted: false,
    forced: false,
    repository: { full_name: 'example/shop' },
    pusher: { name: 'sam' },
    sender: { login: 'sam' },
    head_commit: { id: after, message: subject },
  });
  const response = await fetch(`${hooks}/hooks/github`, {
    method: 'POST',
    body,
    headers: githubHeaders(secret, body),
  });
  const answer = await response.text();
  if (response.status !== 202) throw new Error(`the webhook was answered ${response.status}: ${answer}`);
}

/** What GitHub sends along with a push: the delivery's own id, and the signature of its body. */
export function githubHeaders(secret: string, body: string): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  return {
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/demo',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${signature}`,
  };
}
