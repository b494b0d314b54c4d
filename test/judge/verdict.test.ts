import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { observe, verdictOf, type AssessmentRecord, type JudgeSettings } from '../../src/judge/index.ts';
import { arm, at, FAILING, feed, HEALTHY, judgeOf, SECOND, STABLE } from './given.ts';

describe('ok', () => {
  test('after the step time, with data from both arms and nothing against the canary', () => {
    const judge = feed(judgeOf(), 4, HEALTHY, STABLE);
    assert.equal(at(judge).rule, 'step-time');
    feed(judge, 1, HEALTHY, STABLE);
    assert.deepEqual([at(judge).verdict, at(judge).rule], ['ok', 'healthy']);
    assert.match(
      at(judge).reason,
      /errors 0% on the canary against 0\.56% on stable \(0 of 100 and 5 of 900/,
    );
  });

  test('not before the warm-up is over', () => {
    const judge = feed(judgeOf({ warmUpMs: 20 * SECOND }), 10, HEALTHY, STABLE);
    assert.deepEqual([at(judge).verdict, at(judge).rule], ['undecided', 'warm-up']);
  });

  test('before 100% only with a certificate, and the time it still needs is predicted', () => {
    const judge = feed(judgeOf(), 30, { requests: 100, errors: 1 }, { requests: 900, errors: 9 });
    const early = feed(judgeOf(), 6, { requests: 100, errors: 1 }, { requests: 900, errors: 9 });
    const waiting = at(early, { certificateRequired: true });
    assert.deepEqual([waiting.verdict, waiting.rule], ['undecided', 'certificate']);
    assert.match(waiting.reason, /about \d+ s more at the present traffic/);
    const remaining = waiting.record.evidence.certificate.remainingMs ?? 0;
    assert.ok(remaining > SECOND && remaining < 60 * SECOND, `${remaining} ms`);
    assert.equal(at(judge, { certificateRequired: true }).verdict, 'ok');
    assert.equal(at(judge).record.evidence.certificate.remainingMs, 0);
  });

  test('at 100%, where no baseline serves, on the canary alone', () => {
    const judge = feed(judgeOf({ limits: { errorRate: 0.05 } }), 10, { requests: 200, errors: 1 }, {});
    assert.equal(at(judge, { concurrentBaseline: false }).verdict, 'ok');
    assert.equal(at(judge, { concurrentBaseline: true }).rule, 'no-baseline-data');
  });
});

describe('issue', () => {
  test('errors against the baseline, with their figures', () => {
    const judge = feed(judgeOf(), 20, FAILING, STABLE);
    const { verdict, rule, reason } = at(judge);
    assert.deepEqual([verdict, rule], ['issue', 'error-ratio']);
    assert.match(
      reason,
      /errors 10% on the canary against 0\.56% on stable \(.+ requests\), evidence [\d,]+:1/,
    );
  });

  test('is latched: what comes later does not undo it', () => {
    const judge = feed(judgeOf(), 20, FAILING, STABLE);
    const first = at(judge);
    feed(judge, 400, HEALTHY, STABLE);
    assert.equal(at(judge).reason, first.reason);
    assert.ok(at(judge).record.evidence.logE.combined < Math.log(100));
  });

  test('latency against the baseline', () => {
    const judge = feed(judgeOf(), 30, { requests: 20, ms: 100 }, { requests: 180, ms: 50 });
    const { verdict, rule, reason } = at(judge);
    assert.deepEqual([verdict, rule], ['issue', 'latency']);
    assert.match(reason, /95% of requests within \d+ ms on the canary against \d+ ms on stable/);
    const without = feed(
      judgeOf({ latency: false }),
      30,
      { requests: 20, ms: 100 },
      { requests: 180, ms: 50 },
    );
    assert.equal(at(without).verdict, 'ok');
  });

  test('a dead release after 20 requests, in its warm-up, without a word from stable', () => {
    const judge = feed(judgeOf({ warmUpMs: 60 * SECOND }), 1, { requests: 20, errors: 10 }, {});
    assert.deepEqual([at(judge).verdict, at(judge).rule], ['issue', 'dead-release']);
    assert.match(at(judge).reason, /^10 of the canary's first 20 requests failed/);
  });

  test('an outage that both arms share is no dead release', () => {
    const both = feed(judgeOf(), 5, { requests: 20, errors: 10 }, { requests: 180, errors: 90 });
    assert.notEqual(at(both).verdict, 'issue');
  });

  test('an absolute error rate, tested and not just compared', () => {
    const limited = () => judgeOf({ limits: { errorRate: 0.05 } });
    const full = { concurrentBaseline: false };
    const slightly = feed(limited(), 1, { requests: 100, errors: 6 }, {});
    assert.notEqual(at(slightly, full).verdict, 'issue');
    const clearly = feed(limited(), 10, { requests: 100, errors: 10 }, {});
    assert.equal(at(clearly, full).rule, 'absolute-error-rate');
    assert.match(
      at(clearly, full).reason,
      /errors 10% on the canary, over the limit of 5% \(\d+ of \d+ requests\)/,
    );
  });

  test('an absolute limit that stable breaks too is reported and not applied', () => {
    const judge = feed(
      judgeOf({ limits: { errorRate: 0.05 } }),
      60,
      { requests: 20, errors: 2 },
      { requests: 180, errors: 18 },
    );
    const { verdict, record } = at(judge);
    assert.equal(verdict, 'ok');
    const [limit] = record.evidence.limits;
    assert.ok((limit?.canary.logE ?? 0) > Math.log(100) && (limit?.baseline.logE ?? 0) > Math.log(100));
  });

  test('absolute latency counts the requests that are slower than the limit', () => {
    const judge = (limits: JudgeSettings['limits']) =>
      feed(judgeOf({ limits }), 20, { requests: 20, ms: 100 }, {});
    const full = { concurrentBaseline: false };
    assert.equal(at(judge({ p95Ms: 150 }), full).rule, 'absolute-p95');
    assert.equal(at(judge({ p99Ms: 150 }), full).rule, 'absolute-p99');
    assert.equal(at(judge({ p95Ms: 250, p99Ms: 250 }), full).verdict, 'ok');
  });

  test('crashes over the limit, counted from the start', () => {
    const judge = judgeOf({ limits: { crashesPerMinute: 1 }, warmUpMs: 60 * SECOND });
    feed(judge, 6, { requests: 1, crashes: 1 }, { requests: 10 });
    assert.deepEqual([at(judge).verdict, at(judge).rule], ['issue', 'crash-rate']);
    assert.match(
      at(judge).reason,
      /crashes in 0\.\d+ instance-minutes on the canary where 1 a minute may be/,
    );
  });
});

describe('warning', () => {
  test('evidence from 10:1', () => {
    const judge = feed(judgeOf(), 10, { requests: 100, errors: 1 }, { requests: 900, errors: 9 });
    const from = judge.lastTickAt ?? 0;
    feed(judge, 3, { requests: 100, errors: 6 }, { requests: 900, errors: 9 });
    const { verdict, rule } = at(judge, { stepStartedAt: from });
    assert.deepEqual([verdict, rule], ['warning', 'evidence-warning']);
  });

  test('evidence for a difference too small to matter', () => {
    const gates = { errorRatio: 50, p95Ratio: 50, p99Ratio: 50 };
    const judge = feed(judgeOf({ gates }), 20, FAILING, STABLE);
    assert.deepEqual([at(judge).verdict, at(judge).rule], ['warning', 'evidence-without-effect']);
  });

  test('a warning voids the certificate', () => {
    const judge = feed(judgeOf(), 30, { requests: 100, errors: 1 }, { requests: 900, errors: 9 });
    assert.equal(at(judge).record.evidence.certificate.held, true);
    while (at(judge).verdict === 'ok')
      feed(judge, 1, { requests: 100, errors: 4 }, { requests: 900, errors: 9 });
    assert.equal(at(judge).verdict, 'warning');
    assert.equal(at(judge).record.evidence.certificate.held, false);
  });

  test('no data never passes: not none at all, not old, not of one arm', () => {
    const none = at(judgeOf(), { now: 31 * SECOND });
    assert.deepEqual([none.verdict, none.rule], ['warning', 'stale-data']);
    const judge = feed(judgeOf(), 10, HEALTHY, STABLE);
    assert.equal(at(judge, { now: 41 * SECOND }).rule, 'stale-data');
    assert.equal(at(feed(judgeOf(), 10, {}, STABLE)).rule, 'no-canary-data');
    assert.equal(at(feed(judgeOf(), 10, HEALTHY, {})).rule, 'no-baseline-data');
    const lateStep = { stepStartedAt: 10 * SECOND, now: 20 * SECOND };
    assert.equal(at(feed(judge, 10, {}, STABLE), lateStep).rule, 'no-canary-data');
  });

  test('the longest step time is over without an ok', () => {
    const judge = feed(judgeOf(), 10, HEALTHY, { requests: 180, errors: 0 });
    const { verdict, rule, reason } = at(judge, { certificateRequired: true, maxStepMs: 10 * SECOND });
    assert.deepEqual([verdict, rule], ['warning', 'step-time-over']);
    assert.match(reason, /longest time of 10 s is over: not yet shown to be healthy .*no end in sight/);
  });
});

describe('ticks', () => {
  test('one-sided ticks are joined with the next, but not for long', () => {
    const alternating = judgeOf();
    const joined = judgeOf();
    for (let i = 0; i < 5; i++) {
      feed(alternating, 1, FAILING, {});
      feed(alternating, 1, {}, STABLE);
      feed(joined, 1, FAILING, STABLE);
    }
    assert.equal(at(alternating).record.evidence.logE.errors, at(joined).record.evidence.logE.errors);
    const apart = feed(feed(judgeOf(), 1, FAILING, {}), 61, {}, {});
    feed(apart, 1, HEALTHY, STABLE);
    assert.equal(at(apart).record.evidence.canary.errors, 0);
  });

  test('the warm-up is left out of the evidence', () => {
    const judge = feed(judgeOf({ warmUpMs: 10 * SECOND }), 10, { requests: 20, errors: 2 }, STABLE);
    assert.equal(at(judge).record.evidence.logE.errors, 0);
    assert.equal(at(judge).record.evidence.start.errors, 20);
    feed(judge, 1, FAILING, STABLE);
    assert.equal(at(judge).record.evidence.canary.errors, 2);
  });

  test('the effect is that of the last five minutes', () => {
    const judge = feed(judgeOf(), 10, FAILING, STABLE);
    assert.ok((at(judge).record.evidence.effects.errorRatio ?? 0) > 10);
    feed(judge, 320, { requests: 20, errors: 1 }, { requests: 20, errors: 1 });
    assert.equal(at(judge).record.evidence.effects.errorRatio, 1);
  });

  test('impossible ticks are refused and change nothing', () => {
    const judge = feed(judgeOf(), 3, HEALTHY, STABLE);
    const before = JSON.stringify(at(judge));
    const tick = { at: 4 * SECOND, canary: arm(HEALTHY), baseline: arm(STABLE) };
    for (const impossible of [
      { ...tick, at: 2 * SECOND },
      { ...tick, at: Number.NaN },
      { ...tick, canary: { ...tick.canary, errors: 21 } },
      { ...tick, baseline: { ...tick.baseline, requests: -1, errors: -1 } },
      { ...tick, canary: { ...tick.canary, instanceMinutes: Infinity } },
    ])
      assert.throws(() => observe(judge, impossible), RangeError);
    assert.equal(JSON.stringify(at(judge)), before);
  });
});

test('every verdict can be recomputed from its record as it is stored', () => {
  const limits = { errorRate: 0.05, p95Ms: 5000, crashesPerMinute: 1 };
  const cases = [
    at(judgeOf()),
    at(feed(judgeOf({ limits }), 20, HEALTHY, STABLE)),
    at(feed(judgeOf({ limits }), 20, FAILING, STABLE)),
    at(feed(judgeOf({ limits, acceptableErrorRate: 0.01 }), 20, HEALTHY, STABLE), {
      certificateRequired: true,
    }),
    at(feed(judgeOf({ limits, latency: false }), 20, { ...HEALTHY, crashes: 1 }, STABLE)),
    at(feed(judgeOf(), 20, HEALTHY, {})),
  ];
  for (const { record, ...finding } of cases) {
    const stored = JSON.parse(JSON.stringify(record)) as AssessmentRecord;
    assert.deepEqual(stored, record);
    assert.deepEqual(verdictOf(stored), finding);
  }
});
