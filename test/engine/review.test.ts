import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeploymentId } from '../../src/core/ids.ts';
import { hours, instant, minutes, seconds, type Duration } from '../../src/core/time.ts';
import type { Receipt } from '../../src/ports/notifier.ts';
import type { ReviewAnswer, Reviewer } from '../../src/ports/reviewer.ts';
import type { Trigger } from '../../src/ports/trigger.ts';
import { Bench } from './support/bench.ts';

const DELIVERED: Receipt = { delivered: true, answer: 'ok', latencyMs: 1, retryAfterMs: null, retry: false };

/** Somebody who asks about a commit, and hears the answer. */
class Asker {
  readonly heard: ReviewAnswer[] = [];
  /** Of each attempt at answering. */
  receipts: Receipt[] = [];
  attempts = 0;

  readonly trigger: Trigger = {
    maxBodyBytes: 1000,
    receive: async ({ body, receivedAt }) => {
      const commit = Buffer.from(body).toString();
      const review = { repository: 'acme/shop', run: 7, environment: 'live', commit, installation: 1 };
      const event = {
        id: `asked-${commit}`,
        type: 'webhook' as const,
        source: 'webhook' as const,
        actor: 'ada',
        timestamp: receivedAt,
        gitRef: null,
        commitSha: commit,
        version: null,
        metadata: { repository: 'acme/shop', environment: 'live' },
        ipAddress: null,
        userAgent: null,
        review,
      };
      return { ok: true, deliveryId: event.id, event, why: 'asked' };
    },
  };

  readonly reviewer: Reviewer = {
    environmentFor: (theirs) => (theirs === 'live' ? 'production' : theirs),
    answer: async (_asked, answer) => {
      this.attempts++;
      const receipt = this.receipts.shift() ?? DELIVERED;
      if (receipt.delivered) this.heard.push(answer);
      return receipt;
    },
  };
}

async function start() {
  const asker = new Asker();
  const bench = await Bench.start({
    review: { trigger: 'asks', receives: asker.trigger, reviewer: asker.reviewer },
  });
  const ask = async (commit: string, before: Duration = seconds(0)) => {
    const body = Buffer.from(commit);
    const result = await bench.engine.ingest('asks', {
      headers: {},
      body,
      receivedAt: instant(bench.system.now() - before),
      ipAddress: null,
    });
    assert.equal(result.status, 'accepted');
  };
  const commitOf = async (id: DeploymentId) =>
    (await bench.store.deployment(id))?.revision?.release.commit ?? '';
  const until = (done: () => boolean, limit = minutes(30)) => bench.system.until(async () => done(), limit);
  return { asker, bench, ask, commitOf, until };
}

describe('a question about a commit', () => {
  it('is answered with yes when its rollout is complete, and is on record', async () => {
    const { asker, bench, ask, commitOf, until } = await start();
    const commit = await commitOf(await bench.serve('1.0.0'));
    await ask(commit);
    await until(() => asker.heard.length > 0, minutes(1));
    assert.equal(asker.heard[0]?.state, 'approved');
    assert.match(asker.heard[0].comment, /1\.0\.0 in production: the rollout is complete/);
    const [recorded] = await bench.store.events({ types: ['event.answered'], limit: 10 });
    assert.ok(recorded && 'details' in recorded.event);
    assert.deepEqual(
      [recorded.event.details['status'], recorded.event.details['state'], recorded.event.actor],
      ['success', 'approved', 'ada'],
    );
    const explained = await bench.engine.explain(`asked-${commit}`);
    assert.match(JSON.stringify(explained?.['reason']), /the rollout is complete/);
    await bench.stop();
  });

  it('waits for the verdict: a rollout under way is neither yes nor no', async () => {
    const { asker, bench, ask, commitOf, until } = await start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await ask(await commitOf(id));
    await bench.system.advance(seconds(30));
    assert.deepEqual([asker.heard.length, asker.attempts], [0, 0]);
    await bench.until(id, 'monitoring');
    await until(() => asker.heard.length > 0);
    assert.equal(asker.heard[0]?.state, 'approved');
    await bench.stop();
  });

  it('is answered with no, and why, when the commit was rolled back', async () => {
    const { asker, bench, ask, commitOf, until } = await start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    const commit = await commitOf(id);
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 1 : 0, latencyMs: 20 });
    await bench.until(id, 'failed');
    await ask(commit);
    await until(() => asker.heard.length > 0);
    assert.equal(asker.heard[0]?.state, 'rejected');
    assert.match(asker.heard[0].comment, /1\.1\.0 in production: .*failed/);
    await bench.stop();
  });

  it('is answered with no when the commit never comes; no data never passes', async () => {
    const { asker, bench, ask, until } = await start();
    await bench.serve('1.0.0');
    await ask('f'.repeat(40));
    await bench.system.advance(minutes(50));
    assert.equal(asker.heard.length, 0);
    await until(() => asker.heard.length > 0, minutes(15));
    assert.equal(asker.heard[0]?.state, 'rejected');
    await bench.stop();
  });

  it('is answered again until the answer has arrived, also by the next server', async () => {
    const { asker, bench, ask, commitOf, until } = await start();
    const unwell: Receipt = { ...DELIVERED, delivered: false, answer: '502', retry: true };
    asker.receipts = [unwell, { ...unwell, retryAfterMs: minutes(2) }];
    await ask(await commitOf(await bench.serve('1.0.0')));
    await until(() => asker.attempts === 1, minutes(1));
    await bench.crash();
    await until(() => asker.heard.length > 0, minutes(10));
    assert.deepEqual([asker.attempts, asker.heard.length], [3, 1]);
    await bench.stop();
  });

  it('is given up, on record, when the other side will not hear it', async () => {
    const { asker, bench, ask, commitOf, until } = await start();
    asker.receipts = [{ ...DELIVERED, delivered: false, answer: '403 not yours', retry: false }];
    await ask(await commitOf(await bench.serve('1.0.0')));
    await until(() => asker.attempts === 1, minutes(1));
    await bench.system.advance(hours(1));
    assert.equal(asker.attempts, 1);
    const [recorded] = await bench.store.events({ types: ['event.answered'], limit: 10 });
    assert.ok(recorded && 'details' in recorded.event);
    assert.equal(recorded.event.details['status'], 'failure');
    await bench.stop();
  });

  it('does not wait for ever for somebody who can bring the answer', async () => {
    const { asker, bench, ask, commitOf } = await start();
    const id = await bench.serve('1.0.0');
    asker.reviewer.answer = () => Promise.reject(new Error('the App is not set up'));
    await ask(await commitOf(id), hours(49));
    await bench.system.advance(minutes(5));
    const [recorded] = await bench.store.events({ types: ['event.answered'], limit: 10 });
    assert.ok(recorded && 'details' in recorded.event);
    assert.deepEqual(
      [recorded.event.details['status'], recorded.event.details['reason']],
      ['failure', 'the App is not set up'],
    );
    await bench.stop();
  });
});
