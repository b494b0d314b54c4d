import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observe, type Judge } from '../../src/judge/index.ts';
import { arm, at, feed, judgeOf, SECOND } from './given.ts';

const CANARY = { requests: 20, ms: 50 };
const STABLE = { requests: 180, ms: 50 };

const calm = (judge: Judge) => feed(judge, 30, CANARY, STABLE);
const evidenceOf = (judge: Judge) => at(judge).record.evidence;

describe('what one tick may say', () => {
  test('of slow answers, 1 nat', () => {
    const judge = calm(judgeOf({ onset: 'start' }));
    const before = evidenceOf(judge).logE;
    feed(judge, 1, { ...CANARY, ms: 1000 }, STABLE);
    const { latency, latencyWarning } = evidenceOf(judge).logE;
    const more = [
      (latency ?? 0) - (before.latency ?? 0),
      (latencyWarning ?? 0) - (before.latencyWarning ?? 0),
    ];
    for (const one of more) assert.ok(one > 0.5 && one <= 1, `${one}`);
  });

  test('of errors, 3 nats: an instance that fails for a second is no harm', () => {
    const judge = calm(judgeOf({ onset: 'start' }));
    const before = evidenceOf(judge).logE.errors;
    feed(judge, 1, { ...CANARY, errors: 20 }, STABLE);
    const more = evidenceOf(judge).logE.errors - before;
    assert.ok(more > 2.5 && more <= 3, `${more}`);
    assert.notEqual(at(judge).verdict, 'issue');
  });

  test('of limits, the same', () => {
    const judge = calm(judgeOf({ limits: { errorRate: 0.05, p95Ms: 500 }, onset: 'start' }));
    const before = evidenceOf(judge).limits.map(({ canary }) => canary.logE);
    feed(judge, 1, { ...CANARY, errors: 20, ms: 1000 }, STABLE);
    const more = evidenceOf(judge).limits.map(({ canary }, i) => canary.logE - (before[i] ?? 0));
    assert.ok((more[0] ?? 9) <= 3 && (more[1] ?? 9) <= 1, more.join());
    assert.notEqual(at(judge).verdict, 'issue');
  });

  test('of crashes, all: each is one event', () => {
    const judge = judgeOf({ limits: { crashesPerMinute: 1 }, onset: 'start' });
    feed(judge, 1, { ...CANARY, crashes: 5 }, STABLE);
    assert.ok((evidenceOf(judge).limits[0]?.canary.logE ?? 0) > 5);
  });

  test('for the canary, 1 nat', () => {
    const judge = feed(judgeOf(), 30, { ...CANARY, errors: 1 }, { ...STABLE, errors: 9 });
    const before = evidenceOf(judge).certificate.logE;
    feed(judge, 1, { ...CANARY, errors: 1 }, { ...STABLE, errors: 22 });
    const more = evidenceOf(judge).certificate.logE - before;
    assert.ok(more > 0 && more <= 1, `${more}`);
  });

  test('of minutes in which nobody looked, as much as of the ticks that they would have been', () => {
    const judge = calm(judgeOf({ limits: { errorRate: 0.05 } }));
    const minutes = 5 * 60 * SECOND;
    const twenty = {
      canary: arm({ requests: 6000, errors: 1200 }),
      baseline: arm({ requests: 54_000, errors: 54 }),
    };
    observe(judge, { at: (judge.lastTickAt ?? 0) + minutes, ...twenty });
    assert.deepEqual([at(judge).rule, at(judge).response], ['absolute-error-rate', 'rollback']);
    assert.ok(evidenceOf(judge).logE.combined > Math.log(1000));
  });

  test('harm that lasts is shown all the same', () => {
    const slow = feed(calm(judgeOf()), 20, { ...CANARY, ms: 100 }, STABLE);
    assert.equal(at(slow).response, 'rollback');
    const failing = feed(calm(judgeOf()), 8, { ...CANARY, errors: 5 }, STABLE);
    assert.equal(at(failing).response, 'rollback');
  });
});
