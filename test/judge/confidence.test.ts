import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from '../../bench/judge/stream/random.ts';
import {
  createRatioSequence,
  feedRatioSequence,
  rateInterval,
  ratioInterval,
  type Interval,
} from '../../src/judge/confidence.ts';
import { logBeta, logGamma } from '../../src/judge/log-gamma.ts';

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual} is not ${expected}`,
  );

const has = ({ low, high }: Interval, value: number) => low <= value && value <= high;

describe('ln of the gamma function', () => {
  test('is that of known values', () => {
    near(logGamma(1), 0, 1e-14);
    near(logGamma(0.5), Math.log(Math.PI) / 2, 1e-14);
    near(logGamma(11), Math.log(3_628_800), 1e-14);
    near(logGamma(1e6), 12_815_504.569_147_61, 1e-14);
    near(logBeta(0.5, 0.5), Math.log(Math.PI), 1e-14);
  });
});

describe('the confidence sequence of a rate', () => {
  test('knows nothing without requests', () => assert.deepEqual(rateInterval(0, 0), { low: 0, high: 1 }));

  test('ends where the mixture martingale reaches 1 / alpha', () => {
    const { low, high } = rateInterval(12, 1000);
    for (const p of [low, high]) {
      const logE = logBeta(12.5, 988.5) - Math.log(Math.PI) - 12 * Math.log(p) - 988 * Math.log1p(-p);
      near(logE, Math.log(20), 1e-9);
    }
    assert.ok(low > 0.003 && low < 0.012 && high > 0.012 && high < 0.03);
  });

  test('reaches the ends where all or nothing happened', () => {
    assert.equal(rateInterval(0, 50).low, 0);
    assert.equal(rateInterval(50, 50).high, 1);
    assert.ok(rateInterval(0, 5000).high < 0.003);
  });

  test('is wider where events come in bursts', () => {
    const independent = rateInterval(40, 4000);
    const bursty = rateInterval(40, 4000, 4);
    assert.ok(bursty.low < independent.low && bursty.high > independent.high);
  });
});

describe('the confidence sequence of a ratio', () => {
  const fed = (canaryEvents: number, baselineEvents: number) => {
    const sequence = createRatioSequence();
    feedRatioSequence(
      sequence,
      { canaryRequests: 1000, baselineRequests: 9000, canaryEvents, baselineEvents },
      1,
    );
    return ratioInterval(sequence);
  };

  test('knows nothing without events', () => assert.deepEqual(fed(0, 0), { low: 0, high: Infinity }));

  test('holds the ratio that was seen, and not one far from it', () => {
    const threefold = fed(90, 270);
    assert.ok(has(threefold, 3) && !has(threefold, 1) && !has(threefold, 6), JSON.stringify(threefold));
    const equal = fed(30, 270);
    assert.ok(has(equal, 1) && !has(equal, 2.5), JSON.stringify(equal));
  });

  test('is open upwards while the baseline has no event', () => assert.equal(fed(20, 0).high, Infinity));
});

/** Looked at every second for half an hour: 20 canary and 180 stable requests a second. */
const PATHS = 200;
const TICKS = 1800;
const PER_TICK = { canary: 20, baseline: 180 };

/** Paths on which an interval ever left the truth out. */
function misses(rate: number, ratio: number) {
  let byRate = 0;
  let byRatio = 0;
  let byOneLook = 0;
  for (let seed = 1; seed <= PATHS; seed++) {
    const random = createRandom(seed).unit;
    const path = follow(
      () => events(PER_TICK.canary, rate * ratio, random),
      () => events(PER_TICK.baseline, rate, random),
    );
    if (path.some(({ interval }) => !has(interval, rate * ratio))) byRate++;
    if (path.some(({ ratios }) => !has(ratios, ratio))) byRatio++;
    if (path.some(({ oneLook }) => !has(oneLook, rate * ratio))) byOneLook++;
  }
  return { byRate, byRatio, byOneLook };
}

function follow(canary: () => number, baseline: () => number) {
  const sequence = createRatioSequence();
  const looks = [];
  let seen = 0;
  for (let tick = 1; tick <= TICKS; tick++) {
    const canaryEvents = canary();
    const baselineEvents = baseline();
    seen += canaryEvents;
    feedRatioSequence(
      sequence,
      { canaryRequests: PER_TICK.canary, baselineRequests: PER_TICK.baseline, canaryEvents, baselineEvents },
      1,
    );
    // Every second at first, when intervals are most in danger, then every fifth.
    if (tick > 120 && tick % 5 !== 0) continue;
    const requests = tick * PER_TICK.canary;
    looks.push({
      interval: rateInterval(seen, requests),
      ratios: ratioInterval(sequence),
      oneLook: wald(seen, requests),
    });
  }
  return looks;
}

/** The interval that statistics at school has for one look at 95% (with Agresti and Coull's four more requests). */
function wald(x: number, n: number): Interval {
  const p = (x + 2) / (n + 4);
  const half = 1.96 * Math.sqrt((p * (1 - p)) / (n + 4));
  return { low: p - half, high: p + half };
}

function events(requests: number, rate: number, random: () => number): number {
  let count = 0;
  for (let i = 0; i < requests; i++) if (random() < rate) count++;
  return count;
}

describe('looked at all the time', () => {
  for (const { rate, ratio } of [
    { rate: 0.01, ratio: 1 },
    { rate: 0.02, ratio: 3 },
  ])
    test(`at ${rate * 100}%, ${ratio} times as much on the canary: at most 5% of paths ever leave the truth out`, () => {
      const { byRate, byRatio, byOneLook } = misses(rate, ratio);
      const most = 0.05 * PATHS;
      assert.ok(byRate <= most, `rate: ${byRate} of ${PATHS}`);
      assert.ok(byRatio <= most, `ratio: ${byRatio} of ${PATHS}`);
      // What is made for one look fails here: the paths are long enough to tell.
      assert.ok(byOneLook > 3 * most, `an interval for one look: ${byOneLook} of ${PATHS}`);
    });
});
