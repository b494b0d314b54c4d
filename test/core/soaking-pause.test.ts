import assert from 'node:assert/strict';
import { test } from 'node:test';
import { days, minutes } from '../../src/core/time.ts';
import { World } from './given.ts';

test('a soak that is paused too long while a successor rolls out stays its way back', () => {
  const world = new World();
  const soaking = world.request('v1', { soak: days(7) });
  world.through(soaking, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  world.feed({ type: 'pause', deployment: soaking, reason: 'looking' });
  const limit = world.get(soaking).plan.pauseLimit;
  world.pass(limit - minutes(1));
  const successor = world.request('v2');
  world.through(successor, 'preflight', 'build', 'prepare');
  assert.equal(world.state(successor), 'deploying');

  world.pass(minutes(1));
  assert.equal(world.state(soaking), 'monitoring', 'at most one rolls back or out');
  assert.match(world.get(soaking).paused?.reason ?? '', /is rolling out/);

  world.feed({ type: 'abort', deployment: successor, reason: 'wrong' });
  world.through(successor, 'shift', 'retire');
  world.pass(days(3));
  assert.equal(world.state(soaking), 'rolling_back', 'its time runs anew');
});

test('a soak that ends while a successor rolls out was not judged to its end, and does not count as one in full', () => {
  const world = new World();
  const soaking = world.request('v1', { soak: minutes(1) });
  world.through(soaking, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  const successor = world.request('v2');
  world.through(successor, 'preflight', 'build', 'prepare');
  world.pass(minutes(1));

  assert.equal(world.state(soaking), 'completed');
  const completed = world.log.filter(({ type }) => type === 'deployment.completed');
  assert.deepEqual(
    completed.map((event) => 'soakComplete' in event && event.soakComplete),
    [false],
  );
  assert.equal(world.lane.environment.fallback, null);
});
