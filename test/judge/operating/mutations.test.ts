import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Rollout } from '../../../bench/judge/run.ts';
import { failing, healthy } from '../../../bench/judge/scenarios.ts';
import type { Scenario } from '../../../bench/judge/stream/scenario.ts';
import type { JudgeSettings } from '../../../src/judge/index.ts';
import { happened, rollout, twins } from './support.ts';

const RUNS = 40;

const mutated = (one: Rollout, settings: Partial<JudgeSettings>): Rollout => ({
  ...one,
  settings: { ...one.settings, ...settings },
});

/** At most two of forty runs on identical code may end with a response. */
const isQuiet = (one: Rollout) => happened('retreat', RUNS, one).times <= 2;

/** Each part of the judge is needed: with it a margin is kept, and without it the same margin is missed. */
describe('what the judge is without', () => {
  test('tempering: it takes bursts for harm', () => {
    const scenario: Scenario = {
      ...twins(0.005),
      name: 'batches of four',
      retries: { rate: 0.00125, meanErrors: 4 },
    };
    const bursty = { ...rollout(scenario, 900), historySeconds: 1800 };
    assert.ok(isQuiet(bursty));
    assert.ok(!isQuiet(mutated(bursty, { tempering: 'off' })));
  });

  test('tempering of latency: it takes instances that are slow for a while for harm', () => {
    const slow = { everySeconds: 120, lastsSeconds: 10, varied: false, factor: 2 };
    const scenario = { ...healthy.slowInstances(), slowInstances: slow };
    const slowed = { ...rollout(scenario, 900, { warmUpMs: 'auto' }), historySeconds: 1800 };
    assert.ok(isQuiet(slowed));
    assert.ok(!isQuiet(mutated(slowed, { tempering: 'off' })));
    // Told of errors alone it takes slow answers to vary as little as those.
    assert.ok(!isQuiet({ ...slowed, slowTold: false }));
  });

  test('counting clients once: it takes a few looping clients for harm', () => {
    const sticky = rollout(healthy.sticky(0.01, 20), 900, { unit: 'client' });
    assert.ok(isQuiet(sticky));
    assert.ok(!isQuiet({ ...sticky, counting: 'request' }));
    assert.ok(!isQuiet(mutated(sticky, { unit: 'request' })));
  });

  test('an onset at any time: it finds a late regression too late', () => {
    const late = { ...rollout(failing(0.005, 5, 900), 1200), onsetSecond: 900 };
    const isPrompt = (one: Rollout) => happened('retreat', RUNS, one).quantile('second', 0.5) <= 60;
    assert.ok(isPrompt(late));
    assert.ok(!isPrompt(mutated(late, { onset: 'start' })));
  });

  test('effect gates: it condemns what is hardly worse', () => {
    const scenario: Scenario = { ...failing(0.1, 1.08), requestsPerSecond: 2000, canaryShare: 0.5 };
    const hardlyWorse = rollout(scenario, 200);
    assert.ok(isQuiet(hardlyWorse));
    assert.ok(!isQuiet(mutated(hardlyWorse, { gates: { errorRatio: 1, p95Ratio: 1, p99Ratio: 1 } })));
  });

  test('a warm-up: it takes a cold start for harm', () => {
    const cold = rollout(healthy.cold(0.01, 0.5), 600, { warmUpMs: 'auto' });
    assert.ok(isQuiet(cold));
    assert.ok(!isQuiet(mutated(cold, { warmUpMs: 0 })));
  });
});
