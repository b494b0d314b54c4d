import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hours } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { revision, World } from './given.ts';

test('a pause holds the weight, rollback stays armed, and resuming starts the clock anew', () => {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2');
  world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.feed({ type: 'pause', deployment: canary, reason: 'lunch' });
  world.verdict(canary, 'ok');
  world.pass(hours(1));
  assert.equal(world.state(canary), 'deploying');
  world.feed({ type: 'resume', deployment: canary });
  assert.equal(world.effect(canary, 'shift').canary?.weight, weightOf(50));
  world.answer(canary, 'shift');
  world.feed({ type: 'pause', deployment: canary, reason: 'again' });
  world.verdict(canary, 'issue');
  assert.equal(world.state(canary), 'rolling_back');
});

test('a person promotes a step, or all the way; what cannot be done now is refused with its reason', () => {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2');
  const refused = (type: 'pause' | 'resume' | 'promote' | 'abort' | 'cancel') =>
    world.feed({ type, deployment: canary, reason: 'x', full: false } as never).refused?.code;
  assert.equal(refused('promote'), 'conflict');
  assert.equal(refused('abort'), 'conflict');
  assert.equal(refused('pause'), 'conflict');
  world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
  assert.equal(refused('cancel'), 'conflict');
  assert.equal(refused('resume'), 'conflict');
  world.feed({ type: 'promote', deployment: canary, full: true });
  world.answer(canary, 'start');
  assert.equal(world.effect(canary, 'shift').canary?.weight, weightOf(100));
});

test('a person cancels what has not begun, and aborts what has', () => {
  const world = new World();
  const waiting = world.request('v1');
  world.feed({ type: 'cancel', deployment: waiting, reason: 'wrong branch' });
  assert.deepEqual(world.get(waiting).status, { state: 'rejected', reason: 'cancelled: wrong branch' });
  assert.equal(world.open.length, 0, 'nothing is left to wait for');
  const release = world.request('v2');
  world.through(release, 'preflight', 'build', 'prepare');
  world.feed({ type: 'abort', deployment: release, reason: 'no' });
  assert.equal(world.state(release), 'rolling_back');
});

test('going back to a named revision skips build, gates and approval, and aborts what rolls', () => {
  const world = new World();
  world.serving('v1');
  world.serving('v2');
  const rolling = world.request('v3');
  world.through(rolling, 'preflight', 'build', 'prepare', 'start', 'shift');
  const back = world.request('back', {}, { revision: revision('v1'), emergency: true });
  assert.equal(world.state(rolling), 'rolling_back');
  assert.equal(world.state(back), 'approved');
  world.through(rolling, 'shift', 'retire');
  assert.equal(world.state(back), 'deploying');
  world.through(back, 'prepare', 'start', 'shift', 'verify');
  assert.equal(world.lane.environment.serving?.release.version, 'v1');
});
