import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assess, type Judge } from '../../src/judge/index.ts';
import { quantileOf, simulate, type Simulation } from './simulate.ts';

/** Seeded runs with wide margins: they tell a broken judge, not a slightly worse one. */
const service = (errorRate: number, medianMs = 100) => ({ errorRate, medianMs });

const STANDARD: Omit<Simulation, 'seed'> = {
  requestsPerSecond: 200,
  canaryShare: 0.1,
  canary: service(0.005),
  baseline: service(0.005),
};

const hasIssue = (judge: Judge) => judge.issue !== undefined;
const isCertified = (judge: Judge) => judge.certificate.held;

function repeat(
  runs: number,
  ticks: number,
  simulation: Partial<Simulation>,
  stop: (judge: Judge) => boolean,
) {
  const needed: number[] = [];
  let stopped = 0;
  for (let seed = 1; seed <= runs; seed++) {
    const { judge, canaryRequests } = simulate({ ...STANDARD, ...simulation, seed }, ticks, stop);
    if (stop(judge)) stopped += 1;
    needed.push(canaryRequests);
  }
  return { stopped, median: quantileOf(needed, 0.5), p90: quantileOf(needed, 0.9) };
}

describe('operating characteristics', () => {
  test('identical arms are rarely found guilty, looked at every second for five minutes', () => {
    const { stopped } = repeat(300, 300, {}, hasIssue);
    assert.ok(stopped <= 6, `${stopped} of 300`);
  });

  test('identical arms that fail often, at equal shares, are rarely found guilty', () => {
    const failing = { canary: service(0.05), baseline: service(0.05), canaryShare: 0.5 };
    const { stopped } = repeat(100, 120, failing, hasIssue);
    assert.ok(stopped <= 3, `${stopped} of 100`);
  });

  test('ten times the errors are found within 400 canary requests', () => {
    const { stopped, median } = repeat(100, 300, { canary: service(0.05) }, hasIssue);
    assert.equal(stopped, 100);
    assert.ok(median <= 400, `median ${median}`);
  });

  test('a doubling at 1% is found', () => {
    const { stopped, median } = repeat(
      60,
      1800,
      { baseline: service(0.01), canary: service(0.02) },
      hasIssue,
    );
    assert.equal(stopped, 60);
    assert.ok(median <= 3500, `median ${median}`);
  });

  test('a doubled latency is found, and a smaller one of 20% too', () => {
    const doubled = repeat(60, 300, { canary: service(0.005, 200) }, hasIssue);
    assert.equal(doubled.stopped, 60);
    assert.ok(doubled.median <= 200, `median ${doubled.median}`);
    const slower = repeat(30, 600, { canary: service(0.005, 120) }, hasIssue);
    assert.equal(slower.stopped, 30);
    assert.ok(slower.median <= 3000, `median ${slower.median}`);
  });

  test('a dead release is found within 20 canary requests, also in its warm-up', () => {
    const simulation = { canary: service(0.5), requestsPerSecond: 20, settings: { warmUpMs: 30_000 } };
    const { stopped, p90 } = repeat(200, 30, simulation, hasIssue);
    assert.equal(stopped, 200);
    assert.ok(p90 <= 20, `90th percentile ${p90}`);
  });

  test('a healthy service is certified, a doubling hardly ever', () => {
    const healthy = repeat(
      100,
      300,
      { baseline: service(0.01), canary: service(0.01) },
      (judge) => isCertified(judge) || hasIssue(judge),
    );
    assert.ok(healthy.stopped >= 95, `${healthy.stopped} of 100`);
    assert.ok(healthy.median <= 1200, `median ${healthy.median}`);
    const doubled = repeat(200, 200, { baseline: service(0.01), canary: service(0.02) }, isCertified);
    assert.ok(doubled.stopped <= 18, `${doubled.stopped} of 200`);
  });

  test('a service without errors is certified where an error rate is acceptable in itself', () => {
    const flawless = { baseline: service(0), canary: service(0) };
    const never = repeat(5, 120, flawless, isCertified);
    assert.equal(never.stopped, 0);
    const settings = { acceptableErrorRate: 0.005 };
    const certified = repeat(5, 120, { ...flawless, settings }, isCertified);
    assert.equal(certified.stopped, 5);
    const over = { baseline: service(0.0001), canary: service(0.01), settings };
    assert.ok(repeat(100, 120, over, isCertified).stopped <= 10);
  });

  test('the predicted time to the certificate is of the right size', () => {
    const ratios: number[] = [];
    for (let seed = 1; seed <= 60; seed++) {
      const simulation = { ...STANDARD, baseline: service(0.01), canary: service(0.01), seed };
      const early = simulate(simulation, 10, isCertified).judge;
      const context = { now: 10_000, stepStartedAt: 0, minStepMs: 0, maxStepMs: 1e9, staleAfterMs: 60_000 };
      const { record } = assess(early, { ...context, concurrentBaseline: true, certificateRequired: true });
      const predicted = record.evidence.certificate.remainingMs;
      const { judge } = simulate(simulation, 1200, isCertified);
      if (predicted !== null) ratios.push(((judge.lastTickAt ?? 0) - 10_000) / predicted);
    }
    const median = quantileOf(ratios, 0.5);
    assert.ok(median > 0.5 && median < 2, `actual / predicted: median ${median}`);
  });
});
