import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlannedSteps } from '../../src/core/plan.ts';
import { deployingLimit } from '../../src/core/planner.ts';
import { after, hours, minutes, seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { World } from './given.ts';

const PLANNED: PlannedSteps = {
  steps: [
    { weight: weightOf(0.5), minimum: seconds(40), maximum: minutes(3) },
    { weight: weightOf(20), minimum: hours(2), maximum: hours(6) },
    { weight: weightOf(100), minimum: minutes(5), maximum: minutes(10) },
  ],
  reason: 'chosen from 200 requests/s',
  record: { budget: 500 },
};

function prepared(world: World, planned: PlannedSteps) {
  world.serving('v1');
  const canary = world.request('v2', { riskBudget: 500 });
  world.through(canary, 'preflight', 'build');
  const { key } = world.effect(canary, 'prepare');
  world.feed({
    type: 'outcome',
    deployment: canary,
    key,
    effect: 'prepare',
    result: { ok: true, planned },
  });
  return canary;
}

test('steps that were chosen when the rollout starts are recorded, and walked', () => {
  const world = new World();
  const canary = prepared(world, PLANNED);
  assert.deepEqual(world.happened(), ['canary.planned', 'canary.step', 'instances.starting']);
  assert.deepEqual(world.get(canary).plan.steps, PLANNED.steps);
  world.answer(canary, 'start');
  assert.equal(world.effect(canary, 'shift').canary?.weight, weightOf(0.5));
  world.answer(canary, 'shift');
  world.pass(seconds(39));
  world.verdict(canary, 'ok');
  assert.deepEqual(world.happened(), ['verdict.changed']);
  world.pass(seconds(1));
  assert.ok(world.happened().includes('canary.step'));
});

test('a rollout that a person pauses before its steps are chosen stays paused for as long as they like', () => {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2', { riskBudget: 500 });
  world.through(canary, 'preflight', 'build');
  world.feed({ type: 'pause', deployment: canary, reason: 'lunch' });
  const { key } = world.effect(canary, 'prepare');
  world.feed({
    type: 'outcome',
    deployment: canary,
    key,
    effect: 'prepare',
    result: { ok: true, planned: PLANNED },
  });
  world.pass(hours(24));
  assert.equal(world.state(canary), 'deploying');
});

test('the rollout gets the time that its steps may take', () => {
  const world = new World();
  const canary = world.get(prepared(world, PLANNED));
  assert.equal(canary.due.deadline, after(canary.since, deployingLimit(canary)));
  assert.ok(deployingLimit(canary) > hours(6));
});
