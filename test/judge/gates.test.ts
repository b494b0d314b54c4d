import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_GATES,
  DEFAULT_SETTINGS,
  observe,
  type ArmTick,
  type EffectGates,
  type Finding,
  type Limits,
} from '../../src/judge/index.ts';

/** Requests and errors of one look. */
type Look = readonly [requests: number, errors: number];

const arm = ([requests, errors]: Look): ArmTick => ({
  requests,
  errors,
  latency: createHistogram(),
  crashes: 0,
  instanceMinutes: 1,
});

interface Asked {
  readonly looks?: number;
  readonly gates?: Partial<EffectGates>;
  readonly limits?: Limits;
}

/** The verdict after so many equal looks. */
function after(canary: Look, baseline: Look, { looks = 600, gates, limits = {} }: Asked): Finding {
  const settings = { ...DEFAULT_SETTINGS, latency: false, warmUpMs: 0, limits, onset: 'start' as const };
  const judge = createJudge({ ...settings, gates: { ...DEFAULT_GATES, ...gates } }, 0);
  for (let look = 1; look <= looks; look++)
    observe(judge, { at: look * 1000, canary: arm(canary), baseline: arm(baseline) });
  return assess(judge, {
    now: looks * 1000,
    stepStartedAt: 0,
    minStepMs: 0,
    maxStepMs: 3_600_000,
    concurrentBaseline: true,
    certificateRequired: false,
    staleAfterMs: 30_000,
  });
}

test('a difference of rates can matter where the ratio is small', () => {
  const rule = (gates?: Partial<EffectGates>) => after([1000, 23], [1000, 20], gates ? { gates } : {}).rule;
  assert.equal(rule(), 'evidence-without-effect');
  assert.equal(rule({ errorDifference: 0.002 }), 'error-ratio');
  assert.equal(rule({ errorDifference: 0.005 }), 'evidence-without-effect');
});

test('a limit on errors beside the baseline is not held against a canary that fails less often', () => {
  // The canary has nearly all of the traffic: what it breaks is shown long before the baseline's share can show it.
  const rule = (errors: number, gates: Partial<EffectGates>) =>
    after([900, 60], [30, errors], { looks: 30, gates, limits: { errorRate: 0.05 } }).rule;
  assert.equal(rule(2.2, {}), 'absolute-error-rate');
  assert.notEqual(rule(2.2, { errorLimitAboveBaseline: true }), 'absolute-error-rate');
  assert.equal(rule(1.4, { errorLimitAboveBaseline: true }), 'absolute-error-rate');
});
