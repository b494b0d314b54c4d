import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_SETTINGS } from '../../../src/judge/index.ts';
import { DEFAULT_LIMITS, planRollout, type PlanRequest } from '../../../src/judge/planning/index.ts';

const request = (
  budget: number,
  requestsPerSecond: number,
  errorRate: number,
  changed: Partial<PlanRequest> = {},
): PlanRequest => ({
  budget,
  traffic: { requestsPerSecond, errorRate, phi: 1 },
  settings: { ...DEFAULT_SETTINGS, acceptableErrorRate: 0.005 },
  ...DEFAULT_LIMITS,
  ...changed,
});
const planned = (...args: Parameters<typeof request>) => planRollout(request(...args));

const MANY: ReadonlyArray<Parameters<typeof request>> = [
  [500, 200, 0.01],
  [5000, 200, 0.01],
  [500, 2, 0.01],
  [2000, 2000, 0.001],
  [60, 5000, 0.05],
  [100, 200, 0],
  [500, 200, 0.95],
  [500, 2, 1],
];

describe('a plan from a risk budget', () => {
  test('weights grow to all of the traffic, below the ceilings of what is not certified', () => {
    for (const args of MANY) {
      const { steps } = planned(...args);
      const shares = steps.map(({ share }) => share);
      assert.deepEqual(
        shares,
        shares.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(shares).size, shares.length);
      assert.equal(shares.at(-1), 1);
      for (const { share, purpose, minMs, maxMs } of steps) {
        const ceiling = { broken: 0.01, bad: 0.1, certificate: 0.5, all: 1 }[purpose];
        assert.ok(share <= ceiling + 1e-9, `${purpose} at ${share}`);
        assert.ok(Math.abs(share * 10_000 - Math.round(share * 10_000)) < 1e-9, 'hundredths of a percent');
        assert.ok(minMs >= 10_000 && maxMs >= minMs && Number.isInteger(minMs));
      }
    }
  });

  test('a budget above what the judge needs is kept for a doubling', () => {
    const plan = planned(5000, 200, 0.01);
    assert.equal(plan.keptFrom, 2);
    const doubling = plan.exposures.find(({ ratio }) => ratio === 2);
    assert.ok(doubling?.withinBudget && (doubling.median ?? Infinity) <= 5000);
    assert.equal(plan.tooLow, null);
  });

  test('a smaller one is kept for worse versions, and the plan says so', () => {
    const plan = planned(500, 200, 0.01);
    assert.equal(plan.keptFrom, 5);
    const [, doubling, fivefold] = plan.exposures;
    assert.equal(doubling?.withinBudget, false);
    assert.ok((doubling?.median ?? 0) > 500 && (fivefold?.median ?? Infinity) <= 500);
  });

  test('the first step spends no more than a fifth of the budget before anything is compared', () => {
    for (const [budget, rate] of [
      [500, 200],
      [500, 20_000],
    ] as const) {
      const [first] = planned(budget, rate, 0.01).steps;
      assert.ok((first?.share ?? 1) * rate * 35 + 20 <= budget / 5 + rate * 0.0001 * 35);
    }
  });

  test('more traffic, more budget, or both: no smaller shares at the end, no longer plans', () => {
    const duration = (budget: number, rate: number) => planned(budget, rate, 0.01).totalMs;
    assert.ok(duration(500, 2) > duration(500, 20) && duration(500, 20) > duration(500, 200));
    assert.ok(duration(200, 200) >= duration(1000, 200));
  });

  test('the target: 200 requests/s at 1% reach all of the traffic within 3 minutes', () => {
    const { certifiedMs } = planned(500, 200, 0.01);
    assert.ok(certifiedMs !== null && certifiedMs <= 180_000, `${certifiedMs} ms`);
  });

  test("a canary's instances limit its share", () => {
    const { steps } = planned(5000, 200, 0.01, { largestShare: 0.2 });
    assert.ok(steps.slice(0, -1).every(({ share }) => share <= 0.2));
  });

  test('each step says when regressions that begin in it are found', () => {
    const { steps } = planned(500, 200, 0.01);
    for (const { found } of steps.slice(0, -1)) {
      assert.deepEqual(
        found.map(({ ratio }) => ratio),
        [1.5, 2, 5],
      );
      const times = found.map(({ detection }) => detection?.medianMs ?? 0);
      assert.ok((times[0] ?? 0) > (times[1] ?? 0) && (times[1] ?? 0) > (times[2] ?? 0));
      for (const { detection } of found) assert.ok((detection?.p90Ms ?? 0) > (detection?.medianMs ?? 0));
    }
    assert.deepEqual(steps.at(-1)?.found, []);
  });

  test('traffic too low to decide is said, with what helps', () => {
    const { tooLow } = planned(500, 0.05, 0.01);
    assert.deepEqual(
      tooLow?.offers.map(({ kind }) => kind),
      ['longer-steps', 'synthetic-traffic', 'error-kind-tripwire', 'person'],
    );
    const synthetic = tooLow?.offers.find((offer) => offer.kind === 'synthetic-traffic');
    const rate = 0.05 + (synthetic?.requestsPerSecond ?? 0);
    assert.equal(planned(5000, rate * 1.01, 0.01).tooLow, null);
    assert.notEqual(planned(5000, rate * 0.9, 0.01).tooLow, null);
  });

  test('a budget that forces tiny shares: equal shares are offered', () => {
    const { tooLow } = planned(25, 200, 0.001);
    assert.equal(tooLow?.offers[0]?.kind, 'equal-shares');
  });

  test('without traffic, or without a budget, nothing is planned', () => {
    assert.throws(() => planned(500, 0, 0.01), RangeError);
    assert.throws(() => planned(0, 200, 0.01), RangeError);
  });
});
