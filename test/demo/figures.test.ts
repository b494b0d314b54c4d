import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedUnderFixedRule, recordedOf } from '../../demo/figures.ts';
import { promisesOf, type Figures } from '../../demo/report.ts';
import { seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { PLAN, World } from '../core/given.ts';

const step = (percent: number, minimum: number) => ({
  weight: weightOf(percent),
  minimum: seconds(minimum),
  maximum: seconds(10 * minimum),
});

const eventsOf = (world: World, id: string) =>
  world.log.filter((event) => 'deployment' in event && event.deployment === id);

test('a fixed rule lets the rollout go on along its weights for five minutes', () => {
  // 10 s at 10% and 290 s at 100% of 100 requests a second, 5% of them failing.
  assert.equal(failedUnderFixedRule([step(10, 10), step(100, 10)], 100, 0.05), 5 + 1450);
  // A step that outlasts the five minutes ends with them.
  assert.equal(failedUnderFixedRule([step(50, 1000), step(100, 10)], 100, 0.05), 750);
});

test('a release that was rolled back: why, how fast, and how fast the traffic was gone', () => {
  const world = new World();
  world.serving('v1');
  const asked = world.now;
  const id = world.request('v2');
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.pass(seconds(20));
  world.verdict(id, 'issue');
  world.pass(40);
  world.through(id, 'shift');
  world.pass(seconds(1));
  world.through(id, 'retire');
  const recorded = recordedOf(eventsOf(world, id));
  assert.equal(recorded.outcome, 'rolled_back');
  assert.equal(recorded.reason, 'it is issue');
  assert.equal(recorded.decisionMs, 20_000);
  assert.equal(recorded.decidedAt, asked + 20_000);
  assert.equal(recorded.trafficZeroMs, 40);
});

test('a release that made it: decided when all of the traffic had reached it', () => {
  const world = new World();
  world.serving('v1');
  const id = world.serving('v2');
  const { outcome, decisionMs, trafficZeroMs, reason } = recordedOf(eventsOf(world, id));
  const waited = PLAN.steps.slice(0, -1).reduce((sum, { minimum }) => sum + minimum, 0);
  assert.deepEqual(
    { outcome, decisionMs, trafficZeroMs, reason },
    {
      outcome: 'completed',
      decisionMs: waited,
      trafficZeroMs: null,
      reason: 'it is ok',
    },
  );
});

test('a bar that is missed is said to be', () => {
  const figures: Figures = {
    releases: [],
    requests: 1000,
    dropped: 1,
    restartDropped: 0,
    audit: null,
    firstRollbackMs: 91_000,
    durationMs: 1000,
    readyMs: 1,
    restMb: 1,
  };
  const missed = promisesOf(figures).flatMap(({ what, met }) => (met ? [] : [what]));
  assert.deepEqual(missed, ['no user request is dropped', 'the first rollback within 90 s']);
});
