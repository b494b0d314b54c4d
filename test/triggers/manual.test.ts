import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { manualTrigger } from '../../src/triggers/manual/index.ts';
import { eventOf, requestOf, triggerContract } from '../contracts/trigger.ts';

let ids = 0;
const trigger = manualTrigger(() => `id-${++ids}`);
const SHA = '8c1f2e9a0b7d4c5e6f708192a3b4c5d6e7f80912';
const json = { 'content-type': 'application/json' };
const wanted = { environment: 'production', ref: 'main', actor: 'ada' };
const wish = (changes: object, headers: object = { 'idempotency-key': 'k1' }) =>
  requestOf({ ...json, ...headers }, JSON.stringify({ ...wanted, ...changes }));

triggerContract('manual', trigger, () => wish({}));

describe('a deployment by hand', () => {
  it('says who wants what where', async () => {
    const event = eventOf(
      await trigger.receive(wish({ reason: 'mended', inputs: { level: 3, sure: true } })),
    );
    assert.deepEqual(
      [event.type, event.source, event.actor, event.gitRef, event.commitSha, event.metadata],
      [
        'manual',
        'api',
        'ada',
        'main',
        null,
        { environment: 'production', reason: 'mended', inputs: { level: 3, sure: true } },
      ],
    );
    const byCommit = eventOf(await trigger.receive(wish({ ref: SHA })));
    assert.deepEqual([byCommit.gitRef, byCommit.commitSha], [null, SHA]);
  });

  it('is a new one each time without an idempotency key', async () => {
    const [first, second] = [await trigger.receive(wish({}, {})), await trigger.receive(wish({}, {}))];
    assert.ok(first.ok && second.ok && first.deliveryId !== second.deliveryId);
  });

  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{ environment: undefined }, 'environment'],
    [{ environment: '../x' }, 'environment'],
    [{ ref: '--upload-pack=x' }, 'ref'],
    [{ ref: 'a..b' }, 'ref'],
    [{ version: '1.0; rm -rf /' }, 'version'],
    [{ actor: undefined }, 'actor'],
    [{ skip_tests: true }, 'skip_tests'],
    [{ inputs: { x: { y: 1 } } }, 'inputs.x'],
    [{ sudo: true }, 'sudo'],
  ];
  for (const [changes, field] of wrong)
    it(`refused: ${JSON.stringify(changes)}`, async () => {
      const received = await trigger.receive(wish(changes));
      assert.deepEqual(!received.ok && [received.status, received.field], [400, field]);
    });
});
