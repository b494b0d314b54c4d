import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seconds } from '../../src/core/time.ts';
import { deploymentTree } from '../../src/views/tree.ts';
import { whyOf } from '../../src/views/why.ts';
import { World } from '../core/given.ts';

test('watch and why show a retreat: where it is judged on, and how often it went back', () => {
  const world = new World();
  world.serving('v1');
  const id = world.request('v2');
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.pass(seconds(10));
  world.verdict(id, 'ok');
  world.answer(id, 'shift');
  world.verdict(id, 'issue', 'error-ratio', 'retreat');
  world.answer(id, 'shift');
  world.verdict(id, 'issue', 'error-ratio', 'retreat');

  const events = world.log.filter((event) => 'deployment' in event && event.deployment === id);
  const { rollout } = deploymentTree(world.get(id), { events, assessment: null }, world.now);
  assert.deepEqual([rollout?.weight, rollout?.retreats], [1, 1]);
  assert.deepEqual(
    rollout?.steps.map(({ mark }) => mark),
    ['active', 'waiting', 'waiting'],
  );
  const why = whyOf(world.get(id), events, null);
  assert.equal(why.headline, 'It retreats: harm is shown, and is watched at 1% of the traffic.');
  const told = why.story.map(({ text }) => text).find((text) => text.startsWith('retreats'));
  assert.match(told ?? '', /^retreats from 50% to 1% of the traffic, and is judged on there/);

  world.verdict(id, 'warning');
  const later = whyOf(world.get(id), events, null);
  assert.equal(later.headline, 'In progress: step 1 of 3 of the rollout, after 1 retreat.');
});
