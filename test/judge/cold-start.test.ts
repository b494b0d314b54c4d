import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthy } from '../../bench/judge/scenarios.ts';
import { Stream } from '../../bench/judge/stream/stream.ts';
import { observe, slowThresholds, type Judge } from '../../src/judge/index.ts';
import { at, feed, judgeOf, SECOND } from './given.ts';

const auto = (settings = {}) => judgeOf({ warmUpMs: 'auto', plannedTicks: 1800, ...settings });
const CANARY = { requests: 20, ms: 50 };
const STABLE = { requests: 180, ms: 50 };
const LONG = { maxStepMs: 3600 * SECOND };

const falling = (part: number, tau: number) => (second: number) => 1 + part * Math.exp(-second / tau);

/** Plays a canary that is slower by `factor`, until `seconds`. @returns what was said, each once */
function said(factor: (second: number) => number, seed: number, seconds: number): ReadonlySet<string> {
  const scenario = { ...healthy.steady(0.01), canaryLatency: factor };
  const stream = new Stream({ scenario, seed, counting: 'request' });
  const judge = auto();
  const found = new Set<string>();
  for (let second = 1; second <= seconds; second++) {
    observe(judge, stream.next([], slowThresholds(judge)));
    const { verdict, response } = at(judge, LONG);
    found.add(response ?? verdict);
  }
  return found;
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe('a canary that starts cold', () => {
  test('and is slower afterwards is never ok', () => {
    for (const seed of seeds)
      for (const [part, tau] of [
        [1, 30],
        [0.5, 60],
      ] as const)
        assert.ok(
          !said((second) => 1.2 * falling(part, tau)(second), seed, 400).has('ok'),
          `${seed}, ${tau} s`,
        );
  });

  test('is not rolled back, however its latency falls', () => {
    const cliff = (second: number) => (second < 45 ? 3 : 1);
    const line = (second: number) => Math.max(1, 2 - second / 180);
    for (const seed of seeds)
      for (const shape of [cliff, line, falling(1, 150)]) {
        const found = said(shape, seed, 420);
        assert.ok(!found.has('rollback'), `${seed}`);
      }
  });

  test('is ok once it is warm', () => {
    for (const seed of seeds) assert.ok(said(falling(0.5, 30), seed, 400).has('ok'), `${seed}`);
  });

  test('is compared in its errors meanwhile', () => {
    const judge = auto();
    for (let second = 0; second < 90; second++)
      feed(
        judge,
        1,
        { ...CANARY, ms: 50 * falling(1, 100)(second), errors: 1 },
        { ...STABLE, errors: second % 3 === 0 ? 1 : 0 },
      );
    assert.equal(judge.latencyWarm, false);
    assert.deepEqual([at(judge).rule, at(judge).response], ['error-ratio', 'rollback']);
  });
});

describe('a canary that is slower from the start', () => {
  const slow = (judge: Judge, seconds: number) => feed(judge, seconds, { ...CANARY, ms: 75 }, STABLE);

  test('retreats in its first five minutes, and is rolled back when it shows it again afterwards', () => {
    const judge = slow(auto(), 100);
    assert.equal(at(judge).response, 'retreat');
    slow(judge, 199);
    assert.equal(at(judge).response, 'retreat');
    slow(judge, 1);
    assert.equal(at(judge).rule, 'warm-up');
    slow(judge, 40);
    assert.deepEqual([at(judge).rule, at(judge).response], ['latency', 'rollback']);
  });

  test('is only warned about in them where there is no retreat', () => {
    const judge = slow(auto({ stages: 1 }), 250);
    assert.deepEqual([at(judge).rule, at(judge).response], ['evidence-warning', null]);
    assert.match(at(judge).reason, /may yet be a cold start/);
    slow(judge, 90);
    assert.equal(at(judge).response, 'rollback');
  });

  test('is rolled back at once where the length of the warm-up is given', () => {
    assert.equal(at(slow(auto({ warmUpMs: 30 * SECOND }), 60)).response, 'rollback');
  });

  test('is given 500 requests to show it again', () => {
    const judge = slow(auto(), 300);
    feed(judge, 100, { ...CANARY, requests: 4 }, STABLE);
    assert.match(at(judge, LONG).reason, /slower at first: latency is compared for \d+ more/);
    feed(judge, 60, { ...CANARY, requests: 4 }, STABLE);
    assert.equal(at(judge, LONG).verdict, 'ok');
  });

  test('is given a minute to show it again', () => {
    const judge = slow(auto(), 300);
    feed(judge, 58, CANARY, STABLE);
    assert.equal(at(judge, LONG).rule, 'warm-up');
    feed(judge, 2, CANARY, STABLE);
    assert.equal(at(judge, LONG).verdict, 'ok');
  });
});

test('latency is compared for half a minute before nothing shown says ok', () => {
  const judge = feed(auto(), 59, CANARY, STABLE);
  assert.equal(at(judge).rule, 'warm-up');
  feed(judge, 2, CANARY, STABLE);
  assert.equal(at(judge).verdict, 'ok');
  assert.equal(at(feed(auto({ latency: false }), 31, CANARY, STABLE)).verdict, 'ok');
});
