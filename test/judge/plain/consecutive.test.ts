import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_PLAIN, type PlainSettings } from '../../../src/judge/index.ts';
import { feed, judged, MINUTE, plainOf, type Doing } from './arms.ts';

const GOOD: Doing = { requests: 5 };
const BAD: Doing = { requests: 5, errors: 1 };
const STABLE: Doing = { requests: 45 };

/** A judge after minutes that went as the letters say: Good, Bad, without canary (-), without baseline (b), with few requests (f). */
function after(minutes: string, consecutive: Partial<PlainSettings['consecutive']> = {}) {
  const judge = plainOf({
    rule: 'consecutive',
    plain: { consecutive: { ...DEFAULT_PLAIN.consecutive, failureLimit: 3, ...consecutive } },
  });
  minutes.split('').forEach((letter, minute) => {
    const canary = letter === 'B' ? BAD : letter === '-' ? {} : GOOD;
    const few = (second: number): Doing => (second % 60 === 0 ? GOOD : {});
    feed(judge, minute * 60, 60, letter === 'f' ? few : canary, letter === 'b' ? {} : STABLE);
  });
  return judge;
}
const verdictAfter = (...args: Parameters<typeof after>) => {
  const { verdict, rule } = judged(after(...args));
  return `${verdict}: ${rule}`;
};

describe('consecutive checks', () => {
  test('so many failed ones in a row are an issue; one passed begins anew', () => {
    assert.equal(verdictAfter('BB'), 'undecided: checks');
    assert.equal(verdictAfter('BBB'), 'issue: failed-checks');
    assert.equal(verdictAfter('GBBGBB'), 'undecided: checks');
    assert.equal(verdictAfter('GBBGBBB'), 'issue: failed-checks');
    assert.match(judged(after('BBB')).reason, /^3 checks failed in a row, the last one with errors 20% on/);
  });

  test('counted in all, as Argo Rollouts and Flagger count', () => {
    assert.equal(verdictAfter('BGGGGGGB', { failures: 'in_all' }), 'undecided: checks');
    assert.equal(verdictAfter('BGGGGGGBGGGGGB', { failures: 'in_all' }), 'issue: failed-checks');
  });

  test('a step needs its passed checks, and the last one passed', () => {
    assert.equal(verdictAfter(''), 'undecided: checks');
    assert.equal(verdictAfter('G'), 'ok: healthy');
    assert.equal(verdictAfter('GB'), 'undecided: checks');
    assert.equal(verdictAfter('GG', { passes: 3 }), 'undecided: checks');
    assert.equal(verdictAfter('GBGG', { passes: 3 }), 'ok: healthy');
    const judge = after('GGG');
    assert.equal(judged(judge, { stepStartedAt: 3 * MINUTE }).verdict, 'undecided');
    feed(judge, 180, 60, GOOD, STABLE);
    assert.equal(judged(judge, { stepStartedAt: 3 * MINUTE }).verdict, 'ok');
  });

  test('a check without data never passes and never fails', () => {
    assert.equal(verdictAfter('BB-'), 'undecided: checks');
    assert.equal(verdictAfter('G-'), 'undecided: checks');
    assert.equal(verdictAfter('Gb'), 'undecided: checks');
    assert.equal(verdictAfter('G-----'), 'warning: missing-checks');
    assert.equal(verdictAfter('G--', { missingLimit: 2 }), 'warning: missing-checks');
    assert.equal(verdictAfter('G--G', { missingLimit: 2 }), 'ok: healthy');
  });

  test('a check with too small a sample is inconclusive, so many of them a warning', () => {
    assert.equal(verdictAfter('Gf'), 'undecided: checks');
    assert.equal(verdictAfter('fGfGfG', { inconclusiveLimit: 3 }), 'warning: inconclusive-checks');
  });

  test('without a baseline, absolute limits alone', () => {
    const alone = { concurrentBaseline: false };
    assert.equal(judged(after('bb'), alone).verdict, 'ok');
    assert.equal(judged(after('bb')).verdict, 'undecided');
  });
});
