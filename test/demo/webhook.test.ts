import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { reportAsGithub } from '../../demo/webhook.ts';
import { instant } from '../../src/core/time.ts';
import type { Received } from '../../src/ports/trigger.ts';
import { githubTrigger } from '../../src/triggers/github/index.ts';

const PUSH = { before: 'a'.repeat(40), after: 'b'.repeat(40), ref: 'refs/heads/main', subject: 'Prices' };

/** A server that takes webhooks by the real trigger. */
async function receiver(t: TestContext, secret: string) {
  const received: Received[] = [];
  const trigger = githubTrigger({ secrets: [secret] });
  const server = createServer((request, response) => {
    void buffer(request).then(async (body) => {
      const headers = request.headers as Record<string, string>;
      const result = await trigger.receive({ headers, body, receivedAt: instant(0), ipAddress: null });
      received.push(result);
      response.writeHead(result.ok ? 202 : result.status).end(result.ok ? '' : result.reason);
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test('the webhook that the demo sends is one that GitHub could have sent', async (t) => {
  const { received, url } = await receiver(t, 'known-to-both-sides');
  await reportAsGithub(url, 'known-to-both-sides', PUSH);
  const [result] = received;
  assert.ok(result?.ok === true);
  const { commitSha, gitRef, actor, type } = result.event ?? {};
  assert.deepEqual(
    { commitSha, gitRef, actor, type },
    { commitSha: PUSH.after, gitRef: PUSH.ref, actor: 'sam', type: 'push' },
  );
});

test('one that is signed with another secret is refused, and that is an error', async (t) => {
  const { url } = await receiver(t, 'known-to-both-sides');
  await assert.rejects(
    reportAsGithub(url, 'known-to-nobody-else', PUSH),
    /answered 401: .*the secret differs/,
  );
});
