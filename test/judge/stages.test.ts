import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Judge } from '../../src/judge/index.ts';
import { at, FAILING, feed, HEALTHY, judgeOf, SECOND, STABLE } from './given.ts';

const BAD = { requests: 20, errors: 1 };

/** Feeds until the verdict asks for `response`. @returns the evidence then, as E */
function feedUntil(judge: Judge, response: 'retreat' | 'rollback'): number {
  for (let second = 0; at(judge).response !== response; second++) {
    assert.ok(second < 300, `no ${response}`);
    feed(judge, 1, BAD, STABLE);
  }
  return Math.exp(at(judge).record.evidence.logE.combined);
}

describe('two stages', () => {
  test('at 100:1 the canary retreats, at 1000:1 it is rolled back', () => {
    const judge = judgeOf();
    const first = feedUntil(judge, 'retreat');
    assert.ok(first >= 100 && first < 1000, `${first}`);
    assert.equal(at(judge).verdict, 'issue');
    const second = feedUntil(judge, 'rollback');
    assert.ok(second >= 1000 && second < 10_000, `${second}`);
  });

  test('a retreat is no sentence: with better data it becomes a warning', () => {
    const judge = judgeOf();
    feedUntil(judge, 'retreat');
    feed(judge, 4, HEALTHY, STABLE);
    const { verdict, response } = at(judge);
    assert.deepEqual([verdict, response], ['warning', null]);
  });

  test('a rollback stays', () => {
    const judge = judgeOf();
    feedUntil(judge, 'rollback');
    feed(judge, 200, HEALTHY, STABLE);
    assert.equal(at(judge).response, 'rollback');
    assert.ok(at(judge).record.evidence.logE.combined < Math.log(10));
  });

  test('one stage is rolled back at 100:1', () => {
    const E = feedUntil(judgeOf({ stages: 1 }), 'rollback');
    assert.ok(E >= 100 && E < 1000, `${E}`);
  });

  test('both stages follow alpha', () => {
    const judge = judgeOf({ alpha: 0.001 });
    assert.ok(feedUntil(judge, 'retreat') >= 1000);
    assert.ok(feedUntil(judge, 'rollback') >= 10_000);
  });

  test('a dead release and an absolute limit know one stage', () => {
    const dead = feed(judgeOf({ warmUpMs: 60 * SECOND }), 1, { requests: 20, errors: 10 }, STABLE);
    assert.deepEqual([at(dead).rule, at(dead).response], ['dead-release', 'rollback']);
    const limited = judgeOf({
      limits: { errorRate: 0.05 },
      gates: { ...judgeOf().settings.gates, errorRatio: 1e9 },
    });
    feed(limited, 30, { requests: 20, errors: 4 }, STABLE);
    assert.deepEqual([at(limited).rule, at(limited).response], ['absolute-error-rate', 'rollback']);
  });

  test('what is not an issue asks for nothing', () => {
    assert.equal(at(feed(judgeOf(), 10, HEALTHY, STABLE)).response, null);
    assert.equal(at(judgeOf(), { now: 31 * SECOND }).response, null);
  });

  test('where no baseline serves, the comparison stands still and asks for no retreat', () => {
    const judge = judgeOf();
    feedUntil(judge, 'retreat');
    assert.equal(at(judge, { concurrentBaseline: false }).response, null);
  });
});

describe('certificate', () => {
  const busy = (errors: number) => ({ requests: 100, errors });
  const baseline = { requests: 900, errors: 9 };
  const secondsUntilHeld = (judge: Judge) => {
    let seconds = 0;
    for (; !judge.certificate.held; seconds++) feed(judge, 1, busy(1), baseline);
    return seconds;
  };

  test('a strict one takes more evidence, and says so', () => {
    const standard = secondsUntilHeld(judgeOf());
    const strict = judgeOf({ certificate: 'strict' });
    feed(strict, standard, busy(1), baseline);
    const { rule, reason } = at(strict, { certificateRequired: true });
    assert.equal(rule, 'certificate');
    assert.match(reason, /of 100:1/);
    assert.ok(secondsUntilHeld(strict) > 0);
  });

  test('a warning voids it, and it is held again when the warning has gone', () => {
    const judge = judgeOf();
    secondsUntilHeld(judge);
    while (at(judge).verdict !== 'warning') feed(judge, 1, busy(4), baseline);
    assert.equal(judge.certificate.held, false);
    for (let i = 0; i < 300 && !judge.certificate.held; i++) feed(judge, 1, busy(0), baseline);
    assert.equal(at(judge, { certificateRequired: true }).verdict, 'ok');
  });

  test('the predicted time grows shorter while it is waited for', () => {
    const judge = feed(judgeOf(), 3, busy(1), baseline);
    const remaining = () => at(judge).record.evidence.certificate.remainingMs ?? Infinity;
    const early = remaining();
    feed(judge, 3, busy(1), baseline);
    assert.ok(remaining() < early && early < 60 * SECOND, `${early} then ${remaining()}`);
  });
});

test('failing visitors are told where they are counted', () => {
  const judge = feed(judgeOf({ unit: 'client' }), 10, FAILING, STABLE, {
    clients: { canary: 5, baseline: 7 },
  });
  const { reason, record } = at(judge);
  assert.deepEqual(record.evidence.clients, { canary: 5, baseline: 7 });
  assert.match(reason, /from 12 clients/);
});

test('a limit that breaks after the planned rollout is found while it is watched', () => {
  const secondsToFind = (watchedTicks: number) => {
    const judge = judgeOf({ limits: { errorRate: 0.05 }, plannedTicks: 60, watchedTicks });
    feed(judge, 600, { requests: 100, errors: 1 }, {});
    for (let seconds = 0; seconds < 60; seconds++) {
      if (at(judge, { concurrentBaseline: false }).verdict === 'issue') return seconds;
      feed(judge, 1, { requests: 100, errors: 15 }, {});
    }
    return Infinity;
  };
  assert.ok(secondsToFind(1200) <= 5);
  assert.equal(secondsToFind(60), Infinity);
});
