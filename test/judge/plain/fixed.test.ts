import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { feed, judged, MINUTE, plainOf, type Doing, type Setup } from './arms.ts';

const STABLE: Doing = { requests: 180, errors: 0 };

/** The verdict after `seconds` of both arms. */
const after = (seconds: number, canary: Doing, baseline: Doing = STABLE, setup: Setup = {}) =>
  judged(feed(plainOf(setup), 0, seconds, canary, baseline));
const brief = ({ verdict, rule }: ReturnType<typeof judged>) => `${verdict}: ${rule}`;

describe('fixed thresholds, compared literally', () => {
  test('a healthy canary is ok from 100 requests and 200 answers on, undecided before', () => {
    assert.equal(brief(after(9, { requests: 20 })), 'undecided: small-sample');
    assert.equal(brief(after(10, { requests: 20 })), 'ok: healthy');
    assert.equal(brief(after(4, { requests: 20 }, STABLE, { latency: false })), 'undecided: small-sample');
    assert.equal(brief(after(5, { requests: 20 }, STABLE, { latency: false })), 'ok: healthy');
    assert.equal(brief(after(60, {})), 'undecided: small-sample');
  });

  test('no error rate is compared with fewer than 100 requests or 5 errors', () => {
    const often = (second: number): Doing => ({ requests: 20, errors: second < 4 ? 1 : 0 });
    const four = judged(feed(plainOf(), 0, 10, often, STABLE));
    assert.equal(brief(four), 'ok: healthy');
    const few = judged(feed(plainOf(), 0, 4, { requests: 20, errors: 5 }, STABLE));
    assert.equal(brief(few), 'undecided: small-sample');
    const five = judged(
      feed(plainOf(), 0, 10, (second) => ({ requests: 20, errors: second < 5 ? 1 : 0 }), STABLE),
    );
    assert.equal(brief(five), 'issue: threshold');
    assert.match(five.reason, /errors 2\.5% on the canary against 0% on stable, where less than 1%/);
  });

  test('half a percentage point over the baseline, and half as much again', () => {
    const of = (errors: number) => ({ requests: 1000, errors });
    const limits = { errorRate: 0.5 };
    assert.equal(brief(after(5, of(24), of(20), { limits })), 'ok: healthy');
    assert.match(after(5, of(25), of(20), { limits }).reason, /where 0\.5% of requests more may fail/);
    assert.equal(brief(after(20, of(2), of(2), { limits })), 'ok: healthy');
    assert.match(after(20, of(3), of(2), { limits }).reason, /where 1\.5 times as many may fail/);
  });

  test('an absolute limit that stable breaks too is reported and not applied', () => {
    const both = after(10, { requests: 100, errors: 2 }, { requests: 900, errors: 18 });
    assert.equal(brief(both), 'ok: healthy');
    assert.match(both.reason, /not applied, since stable breaks it too: errors 2%/);
  });

  test('p95: a fifth slower than stable, or over the limit', () => {
    assert.equal(brief(after(10, { requests: 40, ms: 59 }, { requests: 180, ms: 50 })), 'ok: healthy');
    const slower = after(10, { requests: 40, ms: 62 }, { requests: 180, ms: 50 });
    assert.match(slower.reason, /^p95 \d+ ms on the canary against \d+ ms on stable, where 1\.2 times/);
    const slow = { requests: 40, ms: 600 };
    const limits = { p95Ms: 500 };
    assert.match(after(10, slow, {}, { limits, latency: false }).reason, /where 500 ms may be/);
    assert.equal(brief(after(10, slow, slow, { limits })), 'ok: healthy');
    assert.equal(brief(after(10, slow, slow)), 'ok: healthy');
    const hanging = after(10, { requests: 40, ms: 1500 }, {}, { latency: false });
    assert.match(hanging.reason, /where 2,000 ms may be/);
  });

  test('p99 from 1,000 answers on', () => {
    const tail = (requests: number): Doing => ({ requests, ms: 65 });
    const plain = { thresholds: { errorPoints: 1, errorRatio: 100, p95Ratio: 100, p99Ratio: 1.3 } };
    assert.equal(brief(after(9, tail(100), { requests: 180, ms: 45 }, { plain })), 'ok: healthy');
    const seen = after(10, tail(100), { requests: 180, ms: 45 }, { plain });
    assert.match(seen.reason, /^p99/);
  });

  test('crashes over the limit', () => {
    const limits = { crashesPerMinute: 1 };
    const crashing: Doing = { requests: 20, crashes: 1 };
    assert.match(after(10, crashing, STABLE, { limits }).reason, /10 crashes in 0\.17 instance-minutes/);
    assert.equal(brief(after(10, crashing, { ...STABLE, crashes: 1 }, { limits })), 'ok: healthy');
    assert.equal(brief(after(10, crashing, STABLE)), 'ok: healthy');
  });

  test('over the last five minutes only', () => {
    const judge = feed(plainOf(), 0, 60, { requests: 20, errors: 1 }, STABLE);
    assert.equal(judged(judge).verdict, 'issue');
    feed(judge, 60, 360, { requests: 20 }, STABLE);
    assert.equal(judged(judge).verdict, 'ok');
  });

  test('without a baseline, absolute limits alone', () => {
    const alone = feed(plainOf(), 0, 60, { requests: 20, ms: 900 }, {});
    assert.equal(judged(alone, { concurrentBaseline: false }).verdict, 'ok');
    feed(alone, 60, 60, { requests: 20, errors: 1 }, {});
    assert.equal(judged(alone, { concurrentBaseline: false, stepStartedAt: MINUTE }).verdict, 'issue');
  });
});
