import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from '../../bench/judge/stream/random.ts';
import { createHistogram, observe, recordLatency, type ArmTick, type Judge } from '../../src/judge/index.ts';
import { at, feed, judgeOf, SECOND } from './given.ts';

const auto = (settings = {}) => judgeOf({ warmUpMs: 'auto', plannedTicks: 1800, ...settings });
const CANARY = { requests: 20, ms: 50 };
const STABLE = { requests: 180, ms: 50 };

/** A canary that is `cold` slower (or fails so much more) at first, which falls with the time constant. */
function feedCold(judge: Judge, seconds: number, { slower = 0, failing = 0, tau = 60 }): Judge {
  for (let i = 0; i < seconds; i++) {
    const left = Math.exp(-((judge.lastTickAt ?? 0) / SECOND + 0.5) / tau);
    // Errors are whole: what is left over goes to the seconds that follow.
    const total = (second: number) => Math.round(20 * failing * tau * (1 - Math.exp(-second / tau)));
    const begun = (judge.lastTickAt ?? 0) / SECOND;
    feed(
      judge,
      1,
      { ...CANARY, ms: 50 * (1 + slower * left), errors: total(begun + 1) - total(begun) },
      STABLE,
    );
  }
  return judge;
}

describe('a warm-up whose length is found', () => {
  test('lasts 30 s where nothing falls', () => {
    const judge = feed(auto(), 29, CANARY, STABLE);
    const { rule, record } = at(judge);
    assert.equal(rule, 'warm-up');
    assert.deepEqual([record.warmUpEndsAt, record.warmUpTimeConstantMs], [30 * SECOND, null]);
    feed(judge, 2, CANARY, STABLE);
    assert.equal(at(judge).record.evidence.canary.requests, 20);
  });

  test('lasts three times the constant with which latency falls', () => {
    const judge = feedCold(auto(), 150, { slower: 0.5 });
    const { rule, record } = at(judge);
    assert.equal(rule, 'warm-up');
    const constant = record.warmUpTimeConstantMs ?? 0;
    assert.ok(constant >= 45 * SECOND && constant <= 75 * SECOND, `${constant}`);
    assert.equal(judge.warmUp.endsAt, 3 * constant);
  });

  test('a cold start is no harm, at any second', () => {
    const judge = auto();
    for (let second = 0; second < 600; second++) {
      feedCold(judge, 1, { slower: 0.5 });
      assert.notEqual(at(judge).verdict, 'issue');
    }
    const fixed = feedCold(auto({ warmUpMs: 0 }), 60, { slower: 0.5 });
    assert.equal(at(fixed).verdict, 'issue');
  });

  test('begins with the first request, however late that comes', () => {
    const judge = feed(auto(), 600, { requests: 0 }, STABLE);
    assert.equal(at(judge).rule, 'no-canary-data');
    for (let second = 0; second < 300; second++) {
      const left = Math.exp(-(second + 0.5) / 60);
      feed(judge, 1, { ...CANARY, ms: 50 * (1 + 0.5 * left) }, STABLE);
      assert.notEqual(at(judge).verdict, 'issue', `after ${second} s`);
    }
    assert.equal(judge.warmUp.endsAt, 600 * SECOND + 3 * (judge.warmUp.timeConstantMs ?? 0));
    const given = feed(auto({ warmUpMs: 60 * SECOND }), 600, { requests: 0 }, STABLE);
    feed(given, 59, { ...CANARY, ms: 500 }, STABLE);
    assert.equal(at(given, { maxStepMs: 3600 * SECOND }).rule, 'warm-up');
  });

  test('nor is it while its fall cannot be told from chance yet', () => {
    let guilty = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { unit } = createRandom(seed);
      const normal = () => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit());
      const judge = auto({ plannedTicks: 86_400 });
      for (let second = 1; second <= 60 && guilty <= 2; second++) {
        const left = Math.exp(-(second - 0.5) / 60);
        const answers = (requests: number, ms: number): ArmTick => {
          const latency = createHistogram();
          for (let i = 0; i < requests; i++) recordLatency(latency, ms * Math.exp(0.5 * normal()));
          return { requests, errors: 0, latency, crashes: 0, instanceMinutes: 0 };
        };
        const canary = answers(20, 100 * (1 + 0.5 * left));
        observe(judge, { at: second * SECOND, canary, baseline: answers(180, 100) });
        if (at(judge).verdict !== 'issue') continue;
        guilty += 1;
        break;
      }
    }
    assert.ok(guilty <= 2, `${guilty} of 60`);
  });

  test('the effect that matters is that of the time after it', () => {
    const judge = feed(
      auto({ warmUpMs: 30 * SECOND }),
      30,
      { ...CANARY, errors: 5 },
      { ...STABLE, errors: 1 },
    );
    feed(judge, 5, { ...CANARY, errors: 1 }, { ...STABLE, errors: 9 });
    assert.equal(at(judge).record.evidence.effects.errorRatio, 1);
  });

  test('errors that fall are waited for too', () => {
    const judge = feedCold(auto(), 120, { failing: 0.2, tau: 40 });
    assert.ok((at(judge).record.warmUpTimeConstantMs ?? 0) >= 30 * SECOND);
  });

  /** Feeds a fall of latency, which is compared at first, until it is seen after all. */
  function feedUntilSeen(judge: Judge, fall: Parameters<typeof feedCold>[2]): void {
    feedCold(judge, 31, fall);
    assert.equal(judge.latency?.compared, true);
    while (judge.latencyWarm) {
      feedCold(judge, 1, fall);
      assert.ok((judge.lastTickAt ?? 0) < 300 * SECOND, 'the fall was never seen');
    }
  }

  test('latency that was compared before its fall was seen is forgotten, and errors are not: they did not fall', () => {
    const judge = auto();
    feedUntilSeen(judge, { slower: 0.12, tau: 100 });
    assert.equal(judge.latency?.compared, false);
    const seconds = (judge.lastTickAt ?? 0) / SECOND;
    assert.equal(at(judge).record.evidence.canary.requests, 20 * (seconds - 30));
  });

  test('errors that were compared before their fall was seen are forgotten', () => {
    const judge = auto();
    feedCold(judge, 30, { failing: 0.05, tau: 100 });
    let most = 0;
    const compared = () => at(judge).record.evidence.canary.requests;
    for (; compared() >= most; feedCold(judge, 1, { failing: 0.05, tau: 100 })) {
      most = compared();
      assert.ok((judge.lastTickAt ?? 0) < 300 * SECOND, 'the fall was never seen');
    }
    assert.ok(most > 0);
    assert.equal(compared(), 0);
  });

  test('a canary that stays slower is found guilty all the same', () => {
    const judge = auto();
    let seconds = 0;
    for (; at(judge).verdict !== 'issue' && seconds < 300; seconds++)
      feed(judge, 1, { ...CANARY, ms: 75 }, STABLE);
    assert.ok(seconds <= 90, `${seconds} s`);
    assert.equal(at(judge).rule, 'latency');
  });

  test('hard checks stay on', () => {
    const dead = feed(auto(), 1, { requests: 20, errors: 10 }, STABLE);
    assert.equal(at(dead).rule, 'dead-release');
    const crashing = feed(auto({ limits: { crashesPerMinute: 1 } }), 6, { requests: 1, crashes: 1 }, STABLE);
    assert.equal(at(crashing).rule, 'crash-rate');
  });

  test('crashes and errors are not forgotten when latency turns out to fall for longer', () => {
    const judge = auto({ limits: { crashesPerMinute: 1, errorRate: 0.5, p95Ms: 1000 } });
    feed(judge, 1, { ...CANARY, crashes: 2 }, STABLE);
    feedUntilSeen(judge, { slower: 0.12, tau: 100 });
    const [errors, p95, crashes] = at(judge).record.evidence.limits;
    assert.ok((errors?.canary.of ?? 0) > 0);
    assert.equal(p95?.canary.of, 0);
    assert.equal(crashes?.canary.events, 2);
  });

  test('never lasts longer than five minutes', () => {
    const judge = feedCold(auto(), 310, { slower: 1, tau: 300 });
    assert.ok(at(judge).record.warmUpEndsAt <= 300 * SECOND);
    assert.notEqual(at(judge).rule, 'warm-up');
  });
});
