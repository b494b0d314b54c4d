import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Plan } from '../../src/core/plan.ts';
import { instanceId, revisionDigest } from '../../src/core/ids.ts';
import { instant, seconds } from '../../src/core/time.ts';
import { StableHistory } from '../../src/engine/observer/history.ts';
import { createHistogram } from '../../src/judge/index.ts';
import { stepsWithin } from '../../src/engine/risk-plan.ts';
import type { TrafficCounts } from '../../src/ports/traffic.ts';
import { PLAN, World } from '../core/given.ts';

const BUSY = { requestsPerSecond: 200, errorRate: 0.01, phi: 1 };

function deployment(plan: Partial<Plan> = {}, { first = false } = {}) {
  const world = new World();
  if (!first) world.serving('v1');
  const id = world.request('v2', { riskBudget: 500, ...plan });
  world.through(id, 'preflight', 'build');
  return world.get(id);
}

describe('steps within a risk budget', () => {
  test('are chosen from the present traffic, and told with their record', () => {
    const planned = stepsWithin(deployment(), BUSY);
    assert.ok(planned !== undefined && planned.steps.length >= 2);
    assert.equal(planned.steps.at(-1)?.weight, 10_000);
    for (const { weight, minimum, maximum } of planned.steps)
      assert.ok(Number.isInteger(weight) && weight > 0 && maximum >= minimum);
    assert.match(planned.reason, /200 requests a second and a risk budget of 500/);
    assert.deepEqual(JSON.parse(JSON.stringify(planned.record)), planned.record);
  });

  test('are asked for by the budget alone, where there is something to split', () => {
    const { riskBudget: _none, ...rest } = deployment().plan;
    assert.equal(stepsWithin({ ...deployment(), plan: rest }, BUSY), undefined);
    assert.equal(stepsWithin(deployment({}, { first: true }), BUSY), undefined);
    assert.equal(stepsWithin(deployment({ strategy: 'immediate' }), BUSY), undefined);
  });

  test('without traffic to choose from, or with too little, are those of the plan, with the reason', () => {
    const unknown = stepsWithin(deployment(), null);
    assert.deepEqual(unknown?.steps, PLAN.steps);
    assert.match(unknown?.reason ?? '', /the present traffic is not known/);
    const little = stepsWithin(deployment(), { ...BUSY, requestsPerSecond: 0.01 });
    assert.deepEqual(little?.steps, PLAN.steps);
    assert.match(little?.reason ?? '', /0\.01 requests a second are too few to decide/);
  });

  test('are those of the plan where another judge decides', () => {
    const analysis = { ...PLAN.analysis, judge: 'fixed' as const };
    assert.deepEqual(stepsWithin(deployment({ analysis }), BUSY)?.steps, PLAN.steps);
  });
});

describe('present traffic', () => {
  const serving = revisionDigest('sha256:v1');
  const counted = (requests: number, errors: number, epoch = 'one'): TrafficCounts => ({
    route: 'shop/production',
    epoch,
    rollout: 'v1',
    at: instant(0),
    instances: [
      {
        arm: 'stable',
        revision: serving,
        version: 'v1',
        instance: instanceId('stable-1'),
        requests,
        errors,
        visitorErrors: errors,
        failingVisitors: 0,
        latency: createHistogram(),
        slowVisitors: new Map(),
      },
    ],
    dropped: 0,
    watched: [],
    approximate: false,
  });

  /** Looks every five seconds at a version with `rate` requests a second, of which one in a hundred fails. */
  function looked(history: StableHistory, from: number, until: number, rate: number): StableHistory {
    for (let at = from; at <= until; at += 5)
      history.note(instant(seconds(at)), counted(rate * at, (rate * at) / 100), serving);
    return history;
  }

  test('is that of the last minutes', () => {
    const traffic = looked(new StableHistory(), 0, 600, 200).presentTraffic(instant(seconds(601)));
    assert.deepEqual(traffic, { requestsPerSecond: 200, errorRate: 0.01, phi: 1 });
  });

  test('is not known before a minute of it was counted, nor without requests, nor when nobody looked lately', () => {
    const at = (second: number) => instant(seconds(second));
    assert.equal(looked(new StableHistory(), 0, 55, 200).presentTraffic(at(56)), null);
    assert.equal(looked(new StableHistory(), 0, 600, 0).presentTraffic(at(601)), null);
    assert.equal(looked(new StableHistory(), 0, 600, 200).presentTraffic(at(700)), null);
  });

  test('counts idle times too, and none in which nobody looked', () => {
    const history = looked(new StableHistory(), 0, 100, 200);
    for (let at = 105; at <= 200; at += 5) history.note(instant(seconds(at)), counted(20_000, 200), serving);
    assert.equal(history.presentTraffic(instant(seconds(200)))?.requestsPerSecond, 100);
    history.note(instant(seconds(290)), counted(100_000, 1000), serving);
    history.note(instant(seconds(295)), counted(101_000, 1010), serving);
    const { requestsPerSecond } = history.presentTraffic(instant(seconds(296))) ?? assert.fail();
    assert.ok(requestsPerSecond < 210, `${requestsPerSecond}`);
  });
});
