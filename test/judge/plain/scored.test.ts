import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_PLAIN } from '../../../src/judge/index.ts';
import { feed, judged, MINUTE, plainOf, type Doing } from './arms.ts';

/** Errors and latencies that differ from minute to minute, the same on average for every `salt`. */
const varying =
  (requests: number, worse: { readonly errors?: number; readonly slower?: number }, salt: number) =>
  (second: number): Doing => {
    const minute = Math.floor(second / 60);
    const wave = ((minute * 7 + salt) % 10) / 10;
    return {
      requests,
      errors: second % 10 === 0 ? Math.round((1 + 4 * wave) * (worse.errors ?? 1)) : 0,
      ms: 50 * (1 + wave / 5) * (worse.slower ?? 1),
    };
  };

const BASELINE = varying(100, {}, 0);
const judge = () => {
  const mannWhitney = { ...DEFAULT_PLAIN.mannWhitney, intervalsPerAnalysis: 10 };
  return plainOf({ rule: 'mann_whitney', plain: { mannWhitney } });
};
const brief = ({ verdict, rule }: ReturnType<typeof judged>) => `${verdict}: ${rule}`;

describe('the Mann-Whitney judge', () => {
  test('a healthy canary scores 100 at the end of its first analysis, not before', () => {
    const own = feed(judge(), 0, 599, varying(100, {}, 3), BASELINE);
    assert.equal(brief(judged(own)), 'undecided: analysis');
    feed(own, 599, 1, varying(100, {}, 3), BASELINE);
    assert.equal(brief(judged(own)), 'ok: healthy');
    assert.match(judged(own).reason, /^score 100 of 100: error-rate pass \(1 times stable's\), p50 pass/);
  });

  test('more errors fail, a little slower tail is marginal', () => {
    const failing = feed(judge(), 0, 600, varying(100, { errors: 3 }, 3), BASELINE);
    assert.equal(brief(judged(failing)), 'issue: mann-whitney');
    assert.match(judged(failing).reason, /^score 50 of 100: error-rate high \(3 times stable's\)/);
    const slower = feed(
      judge(),
      0,
      600,
      (second) => ({ ...varying(100, {}, 3)(second), ms: second % 60 === 0 ? 400 : 50 }),
      BASELINE,
    );
    assert.equal(brief(judged(slower)), 'warning: marginal-score');
  });

  test('each step waits for an analysis of its own', () => {
    const own = feed(judge(), 0, 600, varying(100, {}, 3), BASELINE);
    assert.equal(judged(own, { stepStartedAt: 10 * MINUTE }).verdict, 'undecided');
    assert.match(judged(own, { stepStartedAt: 10 * MINUTE }).reason, /0 of its 10 new intervals/);
  });

  test('a metric without data is waited for: no data never passes and never scores', () => {
    const silent = feed(
      judge(),
      0,
      600,
      (second) => ({ ...varying(100, {}, 3)(second), requests: 0, errors: 0 }),
      BASELINE,
    );
    assert.equal(brief(judged(silent)), 'warning: metrics-without-data');
  });

  test('without a baseline, absolute limits alone', () => {
    const alone = { concurrentBaseline: false };
    const healthy = feed(judge(), 0, 60, { requests: 20 }, {});
    assert.equal(judged(healthy, alone).verdict, 'ok');
    const failing = feed(judge(), 0, 60, { requests: 20, errors: 1 }, {});
    assert.equal(judged(failing, alone).verdict, 'issue');
  });
});
