import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import type { DeploymentProtectionRuleRequestedEvent } from '@octokit/webhooks-types';
import type { RawRequest } from '../../src/ports/trigger.ts';
import { githubProtectionTrigger } from '../../src/triggers/github-protection/index.ts';
import { eventOf, requestOf, triggerContract } from '../contracts/trigger.ts';

const SECRET = 'a secret of sixteen';
const SHA = '8c1f2e9a0b7d4c5e6f708192a3b4c5d6e7f80912';
const trigger = githubProtectionTrigger({ secrets: [SECRET] });

/** The parts of a real event that are read, in GitHub's own shape. */
const asked: Pick<
  DeploymentProtectionRuleRequestedEvent,
  'action' | 'environment' | 'event' | 'deployment_callback_url'
> & { [key: string]: unknown } = {
  action: 'requested',
  environment: 'production',
  event: 'push',
  deployment_callback_url:
    'https://api.github.com/repos/acme/shop/actions/runs/7283/deployment_protection_rule',
  deployment: { id: 5, sha: SHA, ref: 'main', task: 'deploy' },
  repository: { id: 1, full_name: 'acme/shop', private: true },
  sender: { login: 'ada-l', id: 2 },
  installation: { id: 321, node_id: 'x' },
};

const sign = (body: string, secret = SECRET) =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

function delivery(changes: object = {}, headers: RawRequest['headers'] = {}): RawRequest {
  const body = JSON.stringify({ ...asked, ...changes });
  return requestOf(
    {
      'content-type': 'application/json',
      'user-agent': 'GitHub-Hookshot/1',
      'x-github-event': 'deployment_protection_rule',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': sign(body),
      ...headers,
    },
    body,
  );
}

triggerContract('github-protection', trigger, () => delivery());

describe('a question of a protection rule', () => {
  it('names the commit, the environment and the run', async () => {
    const { review, commitSha, actor } = eventOf(await trigger.receive(delivery()));
    const repository = 'acme/shop';
    assert.deepEqual(review, {
      repository,
      run: 7283,
      environment: 'production',
      commit: SHA,
      installation: 321,
    });
    assert.deepEqual([commitSha, actor], [SHA, 'ada-l']);
  });

  it('is not believed without the right signature', async () => {
    for (const signature of [undefined, sign('other'), sign(JSON.stringify(asked), 'another secret!!')]) {
      const received = await trigger.receive(delivery({}, { 'x-hub-signature-256': signature }));
      assert.deepEqual(!received.ok && [received.status, received.field], [401, 'x-hub-signature-256']);
    }
  });

  it('is refused where the address is not that of a run of its repository', async () => {
    for (const url of [
      'https://evil.example/',
      'https://api.github.com/repos/acme/other/actions/runs/7283/deployment_protection_rule',
      'https://api.github.com/repos/acme/shop/actions/runs/../7283/deployment_protection_rule',
      'https://api.github.com/repos/acme/shop/actions/runs/7283/deployment_protection_rule?x=1',
    ]) {
      const received = await trigger.receive(delivery({ deployment_callback_url: url }));
      assert.deepEqual(
        !received.ok && [received.status, received.field],
        [400, 'deployment_callback_url'],
        url,
      );
    }
    for (const name of ['../..', 'acme/..', './shop', 'acme/shop/more', 'acme'])
      assert.ok(!(await trigger.receive(delivery({ repository: { full_name: name } }))).ok, name);
  });

  it('asks nothing when it is another event', async () => {
    const received = await trigger.receive(delivery({}, { 'x-github-event': 'ping' }));
    assert.ok(received.ok && received.event === null);
  });
});
