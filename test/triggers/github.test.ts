import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import type { PushEvent } from '@octokit/webhooks-types';
import { githubTrigger } from '../../src/triggers/github/index.ts';
import type { RawRequest } from '../../src/ports/trigger.ts';
import { eventOf, requestOf, triggerContract } from '../contracts/trigger.ts';

const SECRET = 'a secret of sixteen';
const OLD_SECRET = 'the one before that';
const trigger = githubTrigger({ secrets: [SECRET, OLD_SECRET] });

const SHA = '8c1f2e9a0b7d4c5e6f708192a3b4c5d6e7f80912';
const BEFORE = '1111111111111111111111111111111111111111';
const ZERO = '0'.repeat(40);

/** The parts of a real push that are read, in GitHub's own shape. */
const push: Pick<PushEvent, 'ref' | 'before' | 'after' | 'deleted' | 'created' | 'forced'> & {
  [key: string]: unknown;
} = {
  ref: 'refs/heads/main',
  before: BEFORE,
  after: SHA,
  deleted: false,
  created: false,
  forced: false,
  repository: { id: 1, full_name: 'acme/shop', private: true },
  pusher: { name: 'ada', email: 'ada@example.com' },
  sender: { login: 'ada-l', id: 2 },
  head_commit: { id: SHA, message: 'Mend the cart\n\nLong story.', added: ['../../etc/passwd'] },
  commits: [{ id: SHA, added: ['../../etc/passwd'], removed: [], modified: [] }],
};

const sign = (body: string | Uint8Array, secret = SECRET) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

function delivery(body: string, headers: RawRequest['headers'] = {}): RawRequest {
  return requestOf(
    {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/1',
      'x-github-event': 'push',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': sign(body),
      ...headers,
    },
    body,
  );
}
const pushOf = (changes: object, headers: RawRequest['headers'] = {}) =>
  delivery(JSON.stringify({ ...push, ...changes }), headers);

triggerContract('github', trigger, () => pushOf({}));

describe('a push', () => {
  it('to a branch', async () => {
    assert.deepEqual(eventOf(await trigger.receive(pushOf({}))), {
      id: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      type: 'push',
      source: 'git',
      actor: 'ada-l',
      timestamp: Date.UTC(2026, 10, 20, 12),
      gitRef: 'refs/heads/main',
      commitSha: SHA,
      version: null,
      metadata: {
        before: BEFORE,
        created: false,
        forced: false,
        repository: 'acme/shop',
        message: 'Mend the cart',
      },
      ipAddress: '192.0.2.1',
      userAgent: 'GitHub-Hookshot/1',
    });
  });

  it('of an annotated tag names the commit behind it', async () => {
    const event = eventOf(
      await trigger.receive(pushOf({ ref: 'refs/tags/v1.2.3', before: ZERO, after: BEFORE })),
    );
    assert.deepEqual([event.type, event.commitSha, event.metadata['before']], ['tag', SHA, null]);
  });

  it('as a form', async () => {
    const body = new URLSearchParams({ payload: JSON.stringify(push) }).toString();
    const request = delivery(body, { 'content-type': 'application/x-www-form-urlencoded' });
    assert.equal(eventOf(await trigger.receive(request)).commitSha, SHA);
  });

  it('signed with the secret that is being replaced', async () => {
    const body = JSON.stringify(push);
    eventOf(await trigger.receive(delivery(body, { 'x-hub-signature-256': sign(body, OLD_SECRET) })));
  });
});

describe('authentic, and nothing to act on', () => {
  const quiet: ReadonlyArray<readonly [string, RawRequest]> = [
    ['ping', delivery('{"zen":"x"}', { 'x-github-event': 'ping' })],
    ['create', delivery('{}', { 'x-github-event': 'create' })],
    ['issues', delivery('{}', { 'x-github-event': 'issues' })],
    ['deleted branch', pushOf({ deleted: true, after: ZERO, head_commit: null })],
    ['no commit', pushOf({ after: ZERO, head_commit: null })],
  ];
  for (const [name, request] of quiet)
    it(name, async () => {
      const received = await trigger.receive(request);
      assert.ok(received.ok && received.event === null && received.why !== '');
    });
});

/** Requests that must be refused: status and field. */
const body = JSON.stringify(push);
const hostile: ReadonlyArray<readonly [string, RawRequest, number, string]> = [
  ['no signature', delivery(body, { 'x-hub-signature-256': undefined }), 401, 'x-hub-signature-256'],
  [
    'forged signature',
    delivery(body, { 'x-hub-signature-256': sign(body, 'another secret !') }),
    401,
    'x-hub-signature-256',
  ],
  [
    'signed with nothing',
    delivery(body, { 'x-hub-signature-256': sign(body, '') }),
    401,
    'x-hub-signature-256',
  ],
  [
    'signature of another body',
    delivery(body, { 'x-hub-signature-256': sign(`${body} `) }),
    401,
    'x-hub-signature-256',
  ],
  ['body changed by a space', requestOf(pushOf({}).headers, `${body} `), 401, 'x-hub-signature-256'],
  [
    'truncated signature',
    delivery(body, { 'x-hub-signature-256': sign(body).slice(0, 40) }),
    401,
    'x-hub-signature-256',
  ],
  ['empty digest', delivery(body, { 'x-hub-signature-256': 'sha256=' }), 401, 'x-hub-signature-256'],
  [
    'two signatures',
    delivery(body, { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}, ${sign(body)}` }),
    401,
    'x-hub-signature-256',
  ],
  [
    'not hex',
    delivery(body, { 'x-hub-signature-256': `sha256=${'z'.repeat(64)}` }),
    401,
    'x-hub-signature-256',
  ],
  [
    'SHA-1 under the name of SHA-256',
    delivery(body, {
      'x-hub-signature-256': `sha1=${createHmac('sha1', SECRET).update(body).digest('hex')}`,
    }),
    401,
    'x-hub-signature-256',
  ],
  [
    'SHA-1 only',
    delivery(body, {
      'x-hub-signature-256': undefined,
      'x-hub-signature': `sha1=${createHmac('sha1', SECRET).update(body).digest('hex')}`,
    }),
    401,
    'x-hub-signature-256',
  ],
  [
    'SHA-512',
    delivery(body, {
      'x-hub-signature-256': `sha512=${createHmac('sha512', SECRET).update(body).digest('hex')}`,
    }),
    401,
    'x-hub-signature-256',
  ],
  ['malformed JSON', delivery('{"ref": '), 400, 'body'],
  ['no JSON at all', delivery('ref=refs/heads/main'), 400, 'body'],
  ['empty body', delivery(''), 400, 'body'],
  ['a list', delivery('[]'), 400, 'body'],
  ['nested deeply', delivery(`{"ref":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 400, 'ref'],
  ['wrong content type', delivery(body, { 'content-type': 'text/plain' }), 415, 'content-type'],
  ['no content type', delivery(body, { 'content-type': undefined }), 415, 'content-type'],
  ['no delivery id', delivery(body, { 'x-github-delivery': undefined }), 400, 'x-github-delivery'],
  ['delivery id with a path', delivery(body, { 'x-github-delivery': '../../x' }), 400, 'x-github-delivery'],
  [
    'delivery id too long',
    delivery(body, { 'x-github-delivery': 'a'.repeat(101) }),
    400,
    'x-github-delivery',
  ],
  ['no event name', delivery(body, { 'x-github-event': undefined }), 400, 'x-github-event'],
  ['event name with a line break', delivery(body, { 'x-github-event': 'push\nx' }), 400, 'x-github-event'],
  [
    'prototype as a field',
    delivery(body.replace('"ref":', '"__proto__":{"ref":"refs/heads/main"},"x":')),
    400,
    'ref',
  ],
  ['ref missing', pushOf({ ref: undefined }), 400, 'ref'],
  ['ref not text', pushOf({ ref: ['refs/heads/main'] }), 400, 'ref'],
  ['ref without refs/', pushOf({ ref: 'main' }), 400, 'ref'],
  ['ref that is an option', pushOf({ ref: '--upload-pack=touch /tmp/x' }), 400, 'ref'],
  ['branch that is an option', pushOf({ ref: 'refs/heads/--upload-pack=x' }), 400, 'ref'],
  ['ref with ..', pushOf({ ref: 'refs/heads/../../config' }), 400, 'ref'],
  ['ref with a range', pushOf({ ref: 'refs/heads/main..evil' }), 400, 'ref'],
  ['ref with a line break', pushOf({ ref: 'refs/heads/main\nrefs/heads/x' }), 400, 'ref'],
  ['ref with a null byte', pushOf({ ref: 'refs/heads/main\0' }), 400, 'ref'],
  ['ref with a space', pushOf({ ref: 'refs/heads/a b' }), 400, 'ref'],
  ['ref with @{', pushOf({ ref: 'refs/heads/main@{1}' }), 400, 'ref'],
  ['ref that ends in .lock', pushOf({ ref: 'refs/heads/main.lock' }), 400, 'ref'],
  ['hidden part in a ref', pushOf({ ref: 'refs/heads/.git/x' }), 400, 'ref'],
  ['empty part in a ref', pushOf({ ref: 'refs/heads//x' }), 400, 'ref'],
  ['ref with a glob', pushOf({ ref: 'refs/heads/*' }), 400, 'ref'],
  ['ref too long', pushOf({ ref: `refs/heads/${'a'.repeat(300)}` }), 400, 'ref'],
  ['commit too short', pushOf({ after: SHA.slice(0, 39) }), 400, 'after'],
  ['commit that is a command', pushOf({ after: '$(touch /tmp/x)' }), 400, 'after'],
  ['commit that is a number', pushOf({ after: 1 }), 400, 'after'],
  ['commit in capitals', pushOf({ after: SHA.toUpperCase() }), 400, 'after'],
  ['before with an option', pushOf({ before: '--output=/tmp/x' }), 400, 'before'],
  ['deleted that is text', pushOf({ deleted: 'no' }), 400, 'deleted'],
  [
    'repository with a path',
    pushOf({ repository: { full_name: '../../etc/passwd' } }),
    400,
    'repository.full_name',
  ],
  ['pusher without a name', pushOf({ pusher: {} }), 400, 'pusher.name'],
  ['login that is a map', pushOf({ sender: { login: {} } }), 400, 'sender.login'],
  ['head commit that is text', pushOf({ head_commit: SHA }), 400, 'head_commit'],
  [
    'form without payload',
    delivery('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
    400,
    'body',
  ],
];

describe('hostile deliveries', () => {
  it('are forty at least', () => assert.ok(hostile.length >= 40));
  for (const [name, request, status, field] of hostile)
    it(name, async () => {
      const received = await trigger.receive(request);
      assert.deepEqual(received.ok ? 'accepted' : [received.status, received.field], [status, field]);
    });

  it('leave no mark on objects', async () => {
    await trigger.receive(
      delivery(
        body.replace('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},'),
      ),
    );
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('names that Git allows are kept to the letter', async () => {
    for (const name of ['$(touch${IFS}x)', 'a;b', "it's", 'x`id`', 'ünï/cödé', 'a|b&c', '%00', '{}'])
      assert.equal(
        eventOf(await trigger.receive(pushOf({ ref: `refs/heads/${name}` }))).gitRef,
        `refs/heads/${name}`,
      );
  });
});
