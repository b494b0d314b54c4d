import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant, minutes, seconds } from '../../src/core/time.ts';
import type { TimerName } from '../../src/core/effects.ts';
import type { DeploymentId } from '../../src/core/ids.ts';
import { PLAN, World } from './given.ts';

/** A canary on its way back, the shift not yet answered. */
function goingBack(): { readonly world: World; readonly bad: DeploymentId } {
  const world = new World();
  world.serving('v1');
  const bad = world.request('v2');
  world.through(bad, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.verdict(bad, 'issue');
  return { world, bad };
}

/** Time passes in which nobody rings a timer. */
const nobodyThere = (world: World, wait: number) => (world.now = instant(world.now + wait));

const ring = (world: World, deployment: DeploymentId, timer: TimerName) =>
  world.feed({ type: 'timer', deployment, timer }, 'spillway');

test('a rollback whose time ran out while no server ran gets its time anew, not its end', () => {
  for (const first of ['deadline', 'to_zero'] as const) {
    const { world, bad } = goingBack();
    nobodyThere(world, minutes(30));
    ring(world, bad, first);
    assert.deepEqual(world.happened(), ['rollback.resumed'], first);
    ring(world, bad, first === 'deadline' ? 'to_zero' : 'deadline');
    assert.deepEqual(world.happened(), [], 'both were renewed at once');
    assert.deepEqual(world.get(bad).due, {
      to_zero: world.now + PLAN.rollback.toZero,
      deadline: world.now + PLAN.deadlines.rollingBack,
    });
    world.through(bad, 'shift', 'retire');
    assert.deepEqual(world.get(bad).status, { state: 'failed', reason: 'it is issue', rolledBack: true });
    assert.equal(world.lane.environment.locked, null);
  }
});

test('a rollback that nobody ever watches in time still ends, loudly', () => {
  const { world, bad } = goingBack();
  for (let looks = 0; looks < 40 && world.state(bad) === 'rolling_back'; looks++) {
    nobodyThere(world, minutes(30));
    for (const timer of ['to_zero', 'deadline'] as const) ring(world, bad, timer);
  }
  assert.equal(world.state(bad), 'failed');
  assert.notEqual(world.lane.environment.locked, null, 'and the environment is locked');
});

test('while a server runs, a rollback’s time is over when it is over', () => {
  const { world, bad } = goingBack();
  world.pass(PLAN.rollback.toZero + seconds(1));
  assert.ok(world.log.some((event) => event.type === 'rollback.attempt_failed'));
  assert.ok(!world.log.some((event) => event.type === 'rollback.resumed'));
  assert.equal(world.state(bad), 'rolling_back');
});

test('a retried rollback keeps its limit as a whole: its timer is set again with the attempt', () => {
  const { world, bad } = goingBack();
  world.answer(bad, 'shift', 'the provider does not answer');
  const deadline = world.get(bad).due.deadline;
  assert.ok(
    world.open.some((one) => one.kind === 'timer' && one.timer === 'deadline' && one.at === deadline),
  );
});
