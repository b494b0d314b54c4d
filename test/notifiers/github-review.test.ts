import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import { instant } from '../../src/core/time.ts';
import { githubReviewer } from '../../src/notifiers/github-review/index.ts';
import type { ReviewRequest } from '../../src/ports/reviewer.ts';
import { githubReviewSettings } from '../../src/notifiers/github-review/schema.ts';

const NOW = instant(Date.UTC(2026, 10, 20, 12));
const clock = { now: () => NOW, monotonic: () => performance.now() };
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const ASKED: ReviewRequest = {
  repository: 'acme/shop',
  run: 7283,
  environment: 'production',
  commit: '8c1f2e9a0b7d4c5e6f708192a3b4c5d6e7f80912',
  installation: 321,
};
const YES = { state: 'approved' as const, comment: 'shop 1.5.0 in staging: the rollout is complete.' };

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

interface Call {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

const TOKEN: Reply = { status: 201, body: JSON.stringify({ token: 'ghs_abc', expires_at: 'soon' }) };

/** A server that is asked as GitHub is. */
async function github(...replies: readonly Reply[]) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, headers = {}, body = '' } = replies[calls.length] ?? { status: 204 };
      const text = Buffer.concat(chunks).toString();
      calls.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      response.writeHead(status, headers).end(body);
    });
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3/`;
  const settings = {
    api,
    appId: 'Iv1.42',
    privateKey,
    environments: { production: 'staging' },
    timeoutMs: 500,
  };
  const reviewer = githubReviewer(githubReviewSettings.parse(settings), clock);
  return {
    calls,
    reviewer,
    answer: (asked = ASKED) => reviewer.answer(asked, YES, new AbortController().signal),
  };
}

describe('an answer to GitHub', () => {
  it('buys a token as the App, and reviews the run with it', async () => {
    const { calls, answer } = await github(TOKEN);
    const receipt = await answer();
    assert.deepEqual([receipt.delivered, receipt.answer], [true, 'approved']);
    const [access, review] = calls;
    assert.equal(access?.path, '/api/v3/app/installations/321/access_tokens');
    assert.equal(review?.path, '/api/v3/repos/acme/shop/actions/runs/7283/deployment_protection_rule');
    assert.equal(review.headers.authorization, 'Bearer ghs_abc');
    assert.deepEqual(review.body, {
      environment_name: 'production',
      state: 'approved',
      comment: YES.comment,
    });
    assert.equal(review.headers.accept, 'application/vnd.github+json');
  });

  it('proves to be the App with a token that GitHub can check', async () => {
    const { calls, answer } = await github(TOKEN);
    await answer();
    const token = calls[0]?.headers.authorization?.replace('Bearer ', '') ?? '';
    const [head = '', claims = '', signature = ''] = token.split('.');
    const part = (text: string): unknown => JSON.parse(Buffer.from(text, 'base64url').toString());
    assert.deepEqual(part(head), { alg: 'RS256', typ: 'JWT' });
    assert.deepEqual(part(claims), { iat: NOW / 1000 - 60, exp: NOW / 1000 + 540, iss: 'Iv1.42' });
    const signed = Buffer.from(`${head}.${claims}`);
    assert.ok(verify('sha256', signed, createPublicKey(publicKey), Buffer.from(signature, 'base64url')));
  });

  it('is worth another try when GitHub is unwell or asks to wait, and not when it says no', async () => {
    const cases: readonly [Reply, boolean, number | null][] = [
      [{ status: 502 }, true, null],
      [{ status: 429, headers: { 'retry-after': '7' } }, true, 7000],
      [{ status: 403, headers: { 'x-ratelimit-remaining': '0' } }, true, null],
      [{ status: 403, body: '{"message":"Resource not accessible"}' }, false, null],
      [{ status: 404 }, false, null],
      [{ status: 422, body: 'no such environment' }, false, null],
    ];
    for (const [reply, retry, retryAfterMs] of cases)
      for (const replies of [[reply], [TOKEN, reply]]) {
        const { answer, calls } = await github(...replies);
        const receipt = await answer();
        const { latencyMs: _any, answer: said, ...found } = receipt;
        assert.deepEqual(found, { delivered: false, retry, retryAfterMs }, said);
        assert.match(said, new RegExp(`^${reply.status}`));
        assert.equal(calls.length, replies.length);
      }
  });

  it('goes nowhere but to the API that is configured', async () => {
    const elsewhere = await github(TOKEN);
    const { answer, calls } = await github({ status: 307, headers: { location: 'http://127.0.0.1:9/' } });
    assert.deepEqual((await answer()).retry, false);
    assert.equal(calls.length, 1, 'redirects are not followed');
    assert.equal(elsewhere.calls.length, 0);
  });

  it('fails for another try when nobody answers, or no token comes', async () => {
    const settings = { api: 'http://127.0.0.1:9', appId: '1', privateKey, environments: {} };
    const reviewer = githubReviewer(githubReviewSettings.parse(settings), clock);
    assert.ok((await reviewer.answer(ASKED, YES, new AbortController().signal)).retry);
    const { answer } = await github({ status: 201, body: '{"token":"with\\nnewline"}' });
    assert.ok((await answer()).retry);
  });

  it('asks for nothing where the event named no installation', async () => {
    const { answer, calls } = await github(TOKEN);
    const receipt = await answer({ ...ASKED, installation: null });
    assert.deepEqual([receipt.delivered, receipt.retry, calls.length], [false, false, 0]);
  });

  it('knows which environment here answers for one over there', async () => {
    const { reviewer } = await github();
    assert.equal(reviewer.environmentFor('production'), 'staging');
    assert.equal(reviewer.environmentFor('qa'), 'qa');
    assert.equal(reviewer.environmentFor('constructor'), 'constructor');
  });
});
