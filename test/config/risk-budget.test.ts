import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planFor } from '../../src/config/plan.ts';
import { minutes, seconds } from '../../src/core/time.ts';
import { settingsOf } from '../../src/engine/observer/judging.ts';
import { DEFAULT_PLAIN } from '../../src/judge/index.ts';
import { BASE, configOf } from './adapters.ts';

const plan = (more: string, environment = 'production') => planFor(configOf(BASE + more), environment);
const plain = (more: string) => {
  const own = plan(more);
  return settingsOf(own, own.steps, true).plain;
};

test('a risk budget is a number of requests; the default steps are kept for when it cannot choose', () => {
  const own = plan('canary: { risk_budget: 500 }');
  assert.equal(own.riskBudget, 500);
  assert.deepEqual(
    own.steps.map(({ weight }) => weight / 100),
    [1, 10, 50, 100],
  );
  assert.equal('riskBudget' in plan(''), false);
});

test('an environment has its own, and none where nothing is split', () => {
  const more = `
canary: { risk_budget: 500 }
environments:
  staging: { strategy: immediate, traffic: { listen: 8081 } }
  production: { canary: { risk_budget: 2000 } }
`;
  assert.equal(plan(more).riskBudget, 2000);
  assert.equal('riskBudget' in plan(more, 'staging'), false);
});

test("checks are the plain rules' settings", () => {
  assert.deepEqual(plain('canary: { judge: consecutive }').consecutive, DEFAULT_PLAIN.consecutive);
  const own = plain(
    'canary: { judge: consecutive, checks: { interval: 30s, failure_limit: 3, failures: in_all, passes: 4 } }',
  );
  assert.equal(own.intervalMs, seconds(30));
  assert.deepEqual(own.consecutive, {
    ...DEFAULT_PLAIN.consecutive,
    failureLimit: 3,
    failures: 'in_all',
    passes: 4,
  });
  const scored = plain('canary: { judge: mann_whitney, checks: { pass: 90, marginal: 60 } }').mannWhitney;
  assert.deepEqual([scored.pass, scored.marginal, scored.tolerance], [90, 60, 0.25]);
});

test('the Mann-Whitney judge has an analysis for each step, of five values at least', () => {
  const intervals = (more: string) => plain(`canary: { ${more} }`).mannWhitney.intervalsPerAnalysis;
  assert.equal(intervals('judge: mann_whitney'), 30);
  assert.equal(intervals('step_duration: 12m'), 12);
  assert.equal(intervals('step_duration: 2m'), 5);
  assert.equal(intervals('step_duration: 2m, checks: { interval: 10s }'), 12);
  assert.equal(plan('canary: { checks: { interval: 1m } }').analysis.checks?.interval, minutes(1));
});

test('half as many errors again is too many, unless another number is configured', () => {
  assert.equal(plain('').thresholds.errorRatio, 1.5);
  const configured = 'automatic_rollback_triggers: { canary_failure: { error_rate_increase: 80 } }';
  assert.equal(plain(configured).thresholds.errorRatio, 1.8);
});
