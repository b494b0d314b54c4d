import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hours, minutes } from '../../src/core/time.ts';
import { PLAN, World } from './given.ts';

function soaking(when: 'automatic' | 'on_failure') {
  const world = new World();
  const release = world.request('v1', { rollback: { ...PLAN.rollback, when } });
  world.through(release, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  const degrade = () =>
    world.feed({ type: 'degraded', deployment: release, check: 'crash_loop', reason: '4 exits', record: {} });
  return { world, release, degrade };
}

test('degradation while soaking rolls back unless the strategy ends with verification', () => {
  for (const when of ['automatic', 'on_failure'] as const) {
    const { world, release, degrade } = soaking(when);
    degrade();
    assert.equal(world.happened()[0], 'degradation.found');
    assert.equal(world.state(release), when === 'automatic' ? 'rolling_back' : 'monitoring');
  }
});

test('where nothing is taken back any more, degradation is said once and keeps the soak from completing', () => {
  const { world, release, degrade } = soaking('on_failure');
  degrade();
  degrade();
  assert.deepEqual(world.happened(), [], 'it is looked at all the time, and said once');
  world.pass(minutes(30));
  assert.equal(world.state(release), 'monitoring', 'its soak is over, and it is not complete');
  world.pass(hours(1));
  assert.match(world.get(release).paused?.reason ?? '', /soak ended/);
});

test('who resumes it has seen what was found: it completes, or is found degraded again', () => {
  const { world, release, degrade } = soaking('on_failure');
  degrade();
  world.feed({ type: 'pause', deployment: release, reason: 'looking' });
  world.feed({ type: 'resume', deployment: release });
  degrade();
  assert.deepEqual(world.happened(), ['degradation.found']);
  world.pass(minutes(90));
  world.feed({ type: 'resume', deployment: release });
  assert.equal(world.state(release), 'completed');
});
