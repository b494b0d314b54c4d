import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assess,
  createJudge,
  DEFAULT_PLAIN,
  DEFAULT_SETTINGS,
  observe,
  verdictOf,
  type AssessmentContext,
  type AssessmentRecord,
  type Judge,
  type JudgeSettings,
} from '../../../src/judge/index.ts';
import { armTick, MINUTE, SECOND, type Doing } from './arms.ts';

const RULES = ['fixed', 'consecutive', 'mann_whitney'] as const;
const HEALTHY: Doing = { requests: 40 };
const FAILING: Doing = { requests: 40, errors: 4 };
const STABLE: Doing = { requests: 360, errors: 1 };

const judgeOf = (rule: JudgeSettings['rule'], settings: Partial<JudgeSettings> = {}) => {
  const mannWhitney = { ...DEFAULT_PLAIN.mannWhitney, intervalsPerAnalysis: 10 };
  const plain = { ...DEFAULT_PLAIN, mannWhitney };
  return createJudge({ ...DEFAULT_SETTINGS, warmUpMs: 0, rule, plain, ...settings }, 0);
};

function feed(judge: Judge, seconds: number, canary: Doing, baseline: Doing): Judge {
  for (let i = 0; i < seconds; i++) {
    const at = (judge.lastTickAt ?? 0) + SECOND;
    observe(judge, { at, canary: armTick(canary), baseline: armTick(baseline) });
  }
  return judge;
}

const assessed = (judge: Judge, context: Partial<AssessmentContext> = {}) =>
  assess(judge, {
    now: judge.lastTickAt ?? 0,
    stepStartedAt: 0,
    minStepMs: 0,
    maxStepMs: 60 * MINUTE,
    concurrentBaseline: true,
    certificateRequired: false,
    staleAfterMs: 30 * SECOND,
    ...context,
  });

/** The verdict now, which must come out of its record as it is stored, too. */
function at(judge: Judge, context: Partial<AssessmentContext> = {}) {
  const { record, ...finding } = assessed(judge, context);
  const stored = JSON.parse(JSON.stringify(record)) as AssessmentRecord;
  assert.deepEqual(stored, record);
  assert.deepEqual(verdictOf(stored), finding);
  return finding;
}

describe('a judge by a plain rule', () => {
  for (const rule of RULES)
    test(`${rule}: passes a healthy canary, rolls a failing one back for good`, () => {
      const healthy = feed(judgeOf(rule), 600, HEALTHY, STABLE);
      assert.deepEqual(
        [at(healthy).verdict, at(healthy).rule, at(healthy).response],
        ['ok', 'healthy', null],
      );
      const failing = feed(judgeOf(rule), 600, FAILING, STABLE);
      assert.deepEqual([at(failing).verdict, at(failing).response], ['issue', 'rollback']);
      const { reason } = at(failing);
      feed(failing, 600, HEALTHY, STABLE);
      assert.equal(at(failing).reason, reason);
    });

  for (const rule of RULES)
    test(`${rule}: a dead release is found at once`, () => {
      const dead = feed(judgeOf(rule, { warmUpMs: MINUTE }), 1, { requests: 20, errors: 10 }, STABLE);
      assert.equal(at(dead).rule, 'dead-release');
    });

  for (const rule of RULES)
    test(`${rule}: no data never passes and never scores`, () => {
      assert.equal(at(judgeOf(rule), { now: MINUTE }).rule, 'stale-data');
      const silent = feed(judgeOf(rule), 600, {}, STABLE);
      assert.equal(at(silent).verdict, 'warning');
      const alone = feed(judgeOf(rule), 600, HEALTHY, {});
      assert.equal(at(alone).verdict, 'warning');
      const gone = feed(judgeOf(rule), 600, HEALTHY, STABLE);
      assert.equal(at(gone, { now: 11 * MINUTE }).rule, 'stale-data');
      feed(gone, 600, {}, STABLE);
      assert.notEqual(at(gone, { stepStartedAt: 600 * SECOND }).verdict, 'ok');
    });

  for (const rule of RULES)
    test(`${rule}: waits for the step's time and the warm-up`, () => {
      const judge = feed(judgeOf(rule), 600, HEALTHY, STABLE);
      assert.equal(at(judge, { minStepMs: 11 * MINUTE }).rule, 'step-time');
      const young = feed(judgeOf(rule, { warmUpMs: 2 * MINUTE }), 60, HEALTHY, STABLE);
      assert.equal(at(young).rule, 'warm-up');
      assert.equal(at(young, { maxStepMs: MINUTE }).rule, 'step-time-over');
    });

  for (const rule of RULES)
    test(`${rule}: the warm-up is left out`, () => {
      const judge = feed(judgeOf(rule, { warmUpMs: 5 * MINUTE }), 300, FAILING, STABLE);
      feed(judge, 600, HEALTHY, STABLE);
      assert.equal(at(judge).verdict, 'ok');
    });

  test('what a rule has called an issue stays one, however weak the evidence is', () => {
    const quick = { ...DEFAULT_PLAIN, intervalMs: 10 * SECOND };
    const plain = { ...quick, consecutive: { ...quick.consecutive, failureLimit: 1 } };
    for (const rule of ['fixed', 'consecutive'] as const) {
      const judge = feed(
        judgeOf(rule, { plain }),
        10,
        { requests: 30, errors: 1 },
        { requests: 900, errors: 9 },
      );
      assert.ok(assessed(judge).record.evidence.logE.combined < Math.log(100), rule);
      assert.equal(at(judge).verdict, 'issue');
      feed(judge, 600, { requests: 40 }, { requests: 900, errors: 9 });
      assert.equal(at(judge).verdict, 'issue', rule);
    }
  });

  test('the sequential rule keeps nothing of it', () => {
    const judge = feed(judgeOf('sequential'), 10, HEALTHY, STABLE);
    assert.equal(judge.plain, undefined);
  });
});
