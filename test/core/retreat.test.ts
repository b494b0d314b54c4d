import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentId } from '../../src/core/ids.ts';
import type { CanaryStep, Plan } from '../../src/core/plan.ts';
import { hours, minutes, seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { PLAN, World } from './given.ts';

/** A canary at its second step, 50% of the traffic. */
function atHalf(plan: Partial<Plan> = {}): { readonly world: World; readonly canary: DeploymentId } {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2', plan);
  world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
  climb(world, canary);
  return { world, canary };
}

/** One step up, on the judge's word. */
function climb(world: World, canary: DeploymentId): void {
  world.pass(seconds(10));
  world.verdict(canary, 'ok');
  world.answer(canary, 'shift');
}

const retreat = (world: World, canary: DeploymentId) =>
  world.verdict(canary, 'issue', 'error-ratio', 'retreat');

const rolloutOf = (world: World, canary: DeploymentId) => {
  const { status } = world.get(canary);
  assert.ok('rollout' in status, `it is ${status.state}`);
  return status.rollout;
};

const timed = (percent: number): CanaryStep => ({
  weight: weightOf(percent),
  minimum: seconds(10),
  maximum: seconds(60),
});

test('a retreat takes the canary to its smallest share at once; what was under way is called off', () => {
  const { world, canary } = atHalf();
  const decision = retreat(world, canary);
  assert.deepEqual(world.happened(), ['verdict.changed', 'canary.retreated']);
  assert.deepEqual(decision.cancel, [canary]);
  assert.deepEqual(world.effect(canary, 'shift').canary?.weight, weightOf(1));
  world.answer(canary, 'shift');
  const { phase, step, weight, retreats, verdict } = rolloutOf(world, canary);
  assert.deepEqual(
    { phase, step, weight, retreats, verdict },
    { phase: 'watching', step: 0, weight: weightOf(1), retreats: 1, verdict: null },
  );
});

test('between two steps it retreats likewise, and the outcome of the shift that it replaced means nothing', () => {
  const { world, canary } = atHalf();
  world.pass(seconds(10));
  world.verdict(canary, 'ok');
  world.answer(canary, 'start');
  const old = world.effect(canary, 'shift');
  assert.equal(old.canary?.weight, weightOf(100));
  retreat(world, canary);
  const back = world.effect(canary, 'shift');
  assert.notEqual(back.key, old.key);
  world.feed({ type: 'outcome', deployment: canary, key: old.key, effect: 'shift', result: { ok: true } });
  assert.deepEqual(world.happened(), []);
  assert.equal(rolloutOf(world, canary).phase, 'retreating');
});

test('at its smallest share harm that may be chance is only recorded; harm beyond doubt takes it back', () => {
  const { world, canary } = atHalf();
  retreat(world, canary);
  world.answer(canary, 'shift');
  retreat(world, canary);
  assert.deepEqual(world.happened(), ['verdict.changed']);
  retreat(world, canary);
  assert.deepEqual(world.happened(), [], 'said once');
  world.verdict(canary, 'issue', 'error-ratio', 'rollback');
  assert.deepEqual(world.happened(), ['verdict.changed', 'rollback.started']);
});

test('when the evidence is gone, the steps are walked again, each with its minimum', () => {
  const { world, canary } = atHalf();
  retreat(world, canary);
  world.answer(canary, 'shift');
  world.verdict(canary, 'ok');
  assert.equal(rolloutOf(world, canary).step, 0, 'the minimum begins anew');
  world.pass(seconds(10));
  assert.equal(world.effect(canary, 'shift').canary?.weight, weightOf(50));
});

test('what shows harm a third time has had its chances', () => {
  const { world, canary } = atHalf();
  for (let time = 0; time < 2; time++) {
    retreat(world, canary);
    world.answer(canary, 'shift');
    climb(world, canary);
  }
  retreat(world, canary);
  assert.equal(world.state(canary), 'rolling_back');
  const began = world.last.events.find((event) => event.type === 'rollback.started');
  assert.match(began?.cause ?? '', /shown again after it had retreated 2 times/);
});

test('after a retreat the step’s time runs out as anywhere: by policy, and shown harm never proceeds', () => {
  for (const [onInconclusive, state, paused] of [
    ['pause', 'deploying', true],
    ['proceed', 'deploying', true],
    ['rollback', 'rolling_back', false],
  ] as const) {
    const { world, canary } = atHalf({ onInconclusive });
    retreat(world, canary);
    world.answer(canary, 'shift');
    retreat(world, canary);
    world.pass(seconds(66));
    assert.equal(world.state(canary), state, onInconclusive);
    assert.equal(world.get(canary).paused !== null, paused, onInconclusive);
  }
});

test('a retreat that cannot be done becomes a rollback', () => {
  const { world, canary } = atHalf();
  retreat(world, canary);
  world.answer(canary, 'shift', 'the provider does not answer');
  assert.equal(world.state(canary), 'rolling_back');
});

test('where nothing is smaller, or one stage was asked for, the first proof of harm ends it', () => {
  const one = atHalf({ analysis: { ...PLAN.analysis, stages: 1 } });
  retreat(one.world, one.canary);
  assert.equal(one.world.state(one.canary), 'rolling_back');

  const world = new World();
  world.serving('v1');
  const whole = world.request('v2', { steps: [timed(100)] });
  world.through(whole, 'preflight', 'build', 'prepare', 'start', 'shift');
  retreat(world, whole);
  assert.equal(world.state(whole), 'rolling_back');
});

test('in verifying and in the soak there is no baseline: harm takes it back', () => {
  for (const state of ['verifying', 'monitoring']) {
    const { world, canary } = atHalf();
    world.pass(seconds(10));
    world.verdict(canary, 'ok');
    world.through(canary, 'start', 'shift');
    world.pass(seconds(10));
    world.verdict(canary, 'ok');
    if (state === 'monitoring') world.answer(canary, 'verify');
    assert.equal(world.state(canary), state);
    retreat(world, canary);
    assert.equal(world.state(canary), 'rolling_back');
  }
});

test('a first step without traffic is no place to judge: the retreat ends at the first with any', () => {
  const { world, canary } = (() => {
    const begun = new World();
    begun.serving('v1');
    const id = begun.request('v2', { steps: [timed(0), timed(5), timed(50), timed(100)] });
    begun.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
    begun.pass(seconds(10));
    begun.answer(id, 'shift');
    climb(begun, id);
    return { world: begun, canary: id };
  })();
  retreat(world, canary);
  assert.equal(world.effect(canary, 'shift').canary?.weight, weightOf(5));
});

test('a pause outlasts a retreat, and still ends in a rollback when nobody comes', () => {
  const { world, canary } = atHalf();
  world.feed({ type: 'pause', deployment: canary, reason: 'lunch' });
  retreat(world, canary);
  world.answer(canary, 'shift');
  assert.equal(rolloutOf(world, canary).weight, weightOf(1));
  world.verdict(canary, 'ok');
  world.pass(minutes(5));
  assert.equal(rolloutOf(world, canary).step, 0, 'paused is paused');
  world.pass(hours(72));
  const began = world.log.find((event) => event.type === 'rollback.started');
  assert.match(began?.cause ?? '', /paused for 3d/);
});

test('at the pace of the evidence a step ends on the judge’s word, long before its time', () => {
  const long = { minimum: hours(1), maximum: hours(4) };
  const steps = [1, 50, 100].map((percent) => ({ weight: weightOf(percent), ...long }));
  for (const [pace, step] of [
    ['time', 0],
    ['evidence', 1],
  ] as const) {
    const world = new World();
    world.serving('v1');
    const canary = world.request('v2', { steps, pace });
    world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
    world.verdict(canary, 'ok');
    assert.equal(rolloutOf(world, canary).step, 0, 'a few looks there are');
    world.pass(seconds(10));
    assert.equal(rolloutOf(world, canary).step, step, pace);
  }
});

test('at the pace of the evidence a step without a verdict lasts to its maximum', () => {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2', { pace: 'evidence' });
  world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.verdict(canary, 'undecided', 'certificate');
  world.pass(seconds(60));
  assert.equal(world.get(canary).paused, null);
  world.pass(seconds(6));
  assert.match(world.get(canary).paused?.reason ?? '', /no clear verdict after 6\d s/);
});
