import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hours, minutes, seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { PLAN, revision, World } from './given.ts';

const gate = (name: string, more: Partial<(typeof PLAN.gates)[number]> = {}) => ({
  name,
  timeout: minutes(5),
  onFailure: 'block' as const,
  needs: [],
  run: { type: 'command', settings: {} },
  ...more,
});

test('a first release takes all of the traffic in one step, soaks and completes', () => {
  const world = new World();
  const first = world.request('v1');
  assert.equal(world.state(first), 'validating');
  world.through(first, 'preflight', 'build', 'prepare');
  assert.equal(world.effect(first, 'start').count, 2);
  world.answer(first, 'start');
  assert.equal(world.effect(first, 'shift').stable, null);
  world.answer(first, 'shift');
  assert.equal(world.state(first), 'verifying');
  world.answer(first, 'verify');
  assert.equal(world.state(first), 'monitoring');
  assert.equal(world.lane.environment.serving?.release.version, 'v1');
  world.pass(minutes(5));
  assert.equal(world.state(first), 'completed');
  assert.equal(world.lane.environment.fallback?.release.version, 'v1');
  assert.equal(world.effect(first, 'retire').stable?.release.version, 'v1');
});

test('a canary goes up one step at a time, each on the judge’s word and not before its minimum', () => {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2');
  world.through(canary, 'preflight', 'build', 'prepare');
  assert.equal(world.effect(canary, 'start').count, 1, 'one instance is enough for one percent');
  world.through(canary, 'start');
  assert.deepEqual(world.effect(canary, 'shift').canary?.weight, weightOf(1));
  world.answer(canary, 'shift');

  world.verdict(canary, 'ok');
  assert.equal(
    world.open.some((effect) => effect.kind === 'shift'),
    false,
    'the minimum is not over',
  );
  world.pass(seconds(10));
  assert.equal(world.effect(canary, 'shift').canary?.weight, weightOf(50));
  world.answer(canary, 'shift');

  world.pass(seconds(10));
  assert.equal(
    world.open.some((effect) => effect.kind === 'start'),
    false,
    'no verdict, no step',
  );
  world.verdict(canary, 'ok');
  assert.equal(world.effect(canary, 'start').count, 2, 'all of the traffic needs both instances first');
  world.through(canary, 'start', 'shift');
  world.verdict(canary, 'ok');
  world.pass(seconds(10));
  assert.equal(world.state(canary), 'verifying');
});

test('an issue rolls back: open effects are called off, traffic first, instances after', () => {
  const world = new World();
  world.serving('v1');
  const bad = world.request('v2');
  world.through(bad, 'preflight', 'build', 'prepare', 'start', 'shift');
  const decision = world.verdict(bad, 'issue');
  assert.deepEqual(world.happened(), ['verdict.changed', 'rollback.started']);
  assert.deepEqual(decision.cancel, [bad]);
  const shift = world.effect(bad, 'shift');
  assert.equal(shift.stable?.release.version, 'v1');
  assert.equal(shift.canary, null);
  world.answer(bad, 'shift');
  assert.ok(world.happened().includes('rollback.traffic_zero'));
  world.answer(bad, 'retire');
  assert.deepEqual(world.get(bad).status, { state: 'failed', reason: 'it is issue', rolledBack: true });
  assert.equal(world.lane.environment.serving?.release.version, 'v1');
});

test('an issue rolls back also between two steps, while instances start or weights move', () => {
  for (const moving of ['start', 'shift'] as const) {
    const world = new World();
    world.serving('v1');
    const bad = world.request('v2', { runtime: { ...PLAN.runtime, instances: 4 } });
    world.through(bad, 'preflight', 'build', 'prepare', 'start', 'shift');
    world.pass(seconds(10));
    world.verdict(bad, 'ok');
    if (moving === 'shift') world.answer(bad, 'start');
    assert.ok(world.effect(bad, moving), 'it is on its way to the second step');
    world.verdict(bad, 'warning');
    assert.deepEqual(world.happened(), [], 'of a step that has not begun only harm is news');
    world.verdict(bad, 'issue');
    assert.deepEqual(world.happened(), ['verdict.changed', 'rollback.started']);
  }
});

test('an instance that does not start rolls back for that reason', () => {
  const world = new World();
  world.serving('v1');
  const broken = world.request('v2');
  world.through(broken, 'preflight', 'build', 'prepare');
  world.answer(broken, 'start', 'exited with code 3');
  world.through(broken, 'shift', 'retire');
  assert.deepEqual(world.get(broken).status, {
    state: 'failed',
    reason: 'start: exited with code 3',
    rolledBack: true,
  });
});

test('a failed shift rolls back, and so does a failed verification', () => {
  for (const kind of ['shift', 'verify'] as const) {
    const world = new World();
    const release = world.request('v1');
    world.through(release, 'preflight', 'build', 'prepare', 'start');
    if (kind === 'verify') world.answer(release, 'shift');
    world.answer(release, kind, 'no answer');
    assert.equal(world.state(release), 'rolling_back');
    assert.equal(world.effect(release, 'shift').stable, null, 'the first release is withdrawn');
  }
});

test('gates run in the order of their needs, and a blocking failure ends the deployment', () => {
  const world = new World();
  const gates = [gate('compile'), gate('lint'), gate('test', { needs: ['compile'] })];
  const release = world.request('v1', { gates });
  world.through(release, 'preflight', 'build');
  const running = () => world.open.filter((e) => e.kind === 'gate').map((e) => e.gate);
  assert.deepEqual(running(), ['compile', 'lint']);
  world.answer(release, 'gate');
  assert.deepEqual(running(), ['lint', 'test']);
  world.answer(release, 'gate');
  world.answer(release, 'gate', 'coverage 71% is not >= 80%');
  assert.deepEqual(world.get(release).status, {
    state: 'failed',
    reason: 'gate test: coverage 71% is not >= 80%',
    rolledBack: null,
  });
});

test('a gate that only warns lets the deployment go on', () => {
  const world = new World();
  const release = world.request('v1', { gates: [gate('perf', { onFailure: 'warn' })] });
  world.through(release, 'preflight', 'build');
  world.answer(release, 'gate', 'slow');
  assert.ok(world.happened().includes('gate.warned'));
  assert.equal(world.state(release), 'deploying');
});

test('a release that serves already, or is under way, is a duplicate', () => {
  const world = new World();
  world.serving('v1');
  const again = world.request('v1@again', {}, { commit: 'other' });
  world.through(again, 'preflight', 'build');
  assert.deepEqual(world.get(again).status, {
    state: 'rejected',
    reason: 'duplicate: v1 carries the traffic already',
  });
  const next = world.request('v2');
  const twin = world.request('v2@twin', {}, { commit: 'commit-v2' });
  assert.deepEqual(world.get(twin).status, { state: 'rejected', reason: `duplicate of ${next}` });
});

test('while one rolls out the newest waits and supersedes those before it', () => {
  const world = new World();
  world.serving('v1');
  const rolling = world.request('v2');
  world.through(rolling, 'preflight', 'build');
  const older = world.request('v3');
  world.through(older, 'preflight', 'build');
  assert.equal(world.state(older), 'approved');
  const newer = world.request('v4');
  world.through(newer, 'preflight', 'build');
  assert.deepEqual(world.get(older).status, { state: 'rejected', reason: `superseded by ${newer}` });
  world.feed({ type: 'abort', deployment: rolling, reason: 'enough' });
  world.through(rolling, 'shift', 'retire');
  assert.equal(world.state(newer), 'deploying');
});

test('during_soak: hold makes the next one wait, replace ends the soak when the next one is live', () => {
  for (const duringSoak of ['hold', 'replace'] as const) {
    const world = new World();
    const first = world.request('v1', { duringSoak });
    world.through(first, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
    const next = world.request('v2', { strategy: 'immediate' });
    world.through(next, 'preflight', 'build');
    if (duringSoak === 'hold') {
      assert.equal(world.state(next), 'approved');
      world.pass(minutes(5));
      assert.equal(world.state(first), 'completed');
      assert.equal(world.state(next), 'deploying');
      continue;
    }
    world.through(next, 'prepare', 'start', 'shift', 'verify');
    assert.deepEqual(world.get(first).status, { state: 'completed', soakComplete: false });
    assert.equal(world.state(next), 'monitoring');
    assert.equal(world.lane.environment.fallback, null, 'a soak that was cut short is no fallback');
  }
});

test('a rollback retries, takes the fallback, and ends loudly when that fails too', () => {
  const world = new World();
  world.serving('v1');
  const soaking = world.request('v2', { strategy: 'immediate' });
  world.through(soaking, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  const bad = world.request('v3', { strategy: 'immediate' });
  world.through(bad, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.feed({ type: 'degraded', deployment: bad, check: 'health', reason: '503 three times', record: {} });
  world.answer(bad, 'shift', 'no ready instance');
  assert.equal(
    world.effect(bad, 'start').revision.release.version,
    'v2',
    'the second attempt starts it again',
  );
  world.answer(bad, 'start', 'cannot start');
  assert.equal(
    world.effect(bad, 'start').revision.release.version,
    'v1',
    'then the last one that soaked in full',
  );
  world.answer(bad, 'start', 'cannot start either');
  const { status } = world.get(bad);
  assert.equal(status.state === 'failed' && status.rolledBack, false);
  assert.notEqual(world.lane.environment.locked, null);
  assert.ok(world.happened().includes('incident.opened'));
  const next = world.request('v4');
  assert.match(JSON.stringify(world.get(next).status), /environment locked/);
  world.feed({ type: 'unlock', reason: 'mended' });
  assert.equal(world.lane.environment.locked, null);
});

test('a rollback attempt that hangs gives way to the next, and its late outcome is ignored', () => {
  const world = new World();
  world.serving('v1');
  const bad = world.request('v2');
  world.through(bad, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.verdict(bad, 'issue');
  const late = world.effect(bad, 'shift');
  world.pass(minutes(2));
  assert.ok(world.happened().includes('rollback.retried'));
  const before = world.lane;
  world.feed({ type: 'outcome', deployment: bad, key: late.key, effect: 'shift', result: { ok: true } });
  assert.deepEqual(world.lane, before);
  world.through(bad, 'start', 'shift', 'retire');
  assert.equal(world.state(bad), 'failed');
});

test('a step without a verdict pauses at its maximum, or rolls back, or proceeds where there is data', () => {
  const begin = (onInconclusive: 'pause' | 'rollback' | 'proceed') => {
    const world = new World();
    world.serving('v1');
    const canary = world.request('v2', { onInconclusive });
    world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
    return { world, canary };
  };
  const pausing = begin('pause');
  pausing.world.pass(seconds(65));
  assert.notEqual(pausing.world.get(pausing.canary).paused, null);
  pausing.world.pass(hours(72));
  assert.equal(pausing.world.state(pausing.canary), 'rolling_back');

  const rolling = begin('rollback');
  rolling.world.pass(seconds(65));
  assert.equal(rolling.world.state(rolling.canary), 'rolling_back');

  const blind = begin('proceed');
  blind.world.pass(seconds(65));
  assert.notEqual(blind.world.get(blind.canary).paused, null, 'no data never passes');

  const deaf = begin('proceed');
  deaf.world.verdict(deaf.canary, 'warning', 'no-canary-data');
  deaf.world.pass(seconds(65));
  assert.notEqual(deaf.world.get(deaf.canary).paused, null, 'nor does a canary without requests');

  const seeing = begin('proceed');
  seeing.world.verdict(seeing.canary, 'undecided', 'certificate');
  seeing.world.pass(seconds(65));
  assert.equal(seeing.world.effect(seeing.canary, 'shift').canary?.weight, weightOf(50));
});

test('a configuration that changes alone makes a new revision of the same release', () => {
  const world = new World();
  world.serving('v1');
  const changed = world.request('v1@config', {}, { commit: 'c2' });
  world.answer(changed, 'preflight');
  const { key } = world.effect(changed, 'build');
  const { configuration: _none, ...built } = revision('v1', 2);
  const result = { ok: true as const, revision: built };
  world.feed({ type: 'outcome', deployment: changed, key, effect: 'build', result });
  assert.equal(world.get(changed).revision?.configuration, 2);
  assert.equal(world.state(changed), 'deploying');
});

test('every state has a deadline and something that happens then', () => {
  const until = (...kinds: Parameters<World['through']>[1][]) => {
    const world = new World();
    const release = world.request('v1', { gates: [gate('g')] });
    world.through(release, ...kinds);
    return { world, release };
  };
  const cases = [
    { at: until(), limit: minutes(10), becomes: 'failed' },
    { at: until('preflight'), limit: minutes(30), becomes: 'failed' },
    { at: until('preflight', 'build'), limit: minutes(60), becomes: 'failed' },
    { at: until('preflight', 'build', 'gate'), limit: minutes(30), becomes: 'rolling_back' },
    {
      at: until('preflight', 'build', 'gate', 'prepare', 'start', 'shift'),
      limit: minutes(15),
      becomes: 'rolling_back',
    },
  ];
  for (const { at, limit, becomes } of cases) {
    const from = at.world.state(at.release);
    at.world.pass(limit - 1);
    assert.equal(at.world.state(at.release), from);
    at.world.pass(1);
    assert.equal(at.world.state(at.release), becomes, `after ${from}`);
  }
});

test('a soak that ends while harm is shown is not complete, also where nothing rolls back any more', () => {
  const world = new World();
  world.serving('v1');
  const rollback = { ...PLAN.rollback, when: 'on_failure' as const };
  const bad = world.request('v2', { rollback, strategy: 'immediate' });
  world.through(bad, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  world.verdict(bad, 'issue');
  world.pass(minutes(6));
  assert.equal(world.state(bad), 'monitoring');
  assert.equal(world.lane.environment.fallback?.release.version, 'v1');
});

test('a soak that ends under a warning pauses, and rolls back when the pause ends', () => {
  const world = new World();
  const release = world.request('v1');
  world.through(release, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  world.verdict(release, 'warning', 'stale-data');
  world.pass(minutes(65));
  assert.equal(world.state(release), 'monitoring');
  assert.notEqual(world.get(release).paused, null);
  world.pass(hours(72));
  assert.equal(world.state(release), 'rolling_back');
});

test('while a successor rolls out, the one that soaks is its way back and is not taken back itself', () => {
  const world = new World();
  const soaking = world.request('v1');
  world.through(soaking, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  const successor = world.request('v2');
  world.through(successor, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.verdict(soaking, 'issue');
  world.feed({ type: 'degraded', deployment: soaking, check: 'health', reason: '503', record: {} });
  assert.equal(world.state(soaking), 'monitoring');
  assert.equal(
    world.feed({ type: 'abort', deployment: soaking, reason: 'now' }).refused?.reason,
    `${successor} is rolling out; abort that one first`,
  );
  world.verdict(successor, 'issue');
  world.through(successor, 'shift', 'retire');
  world.verdict(soaking, 'issue');
  assert.equal(world.state(soaking), 'rolling_back', 'once it stands alone it is');
});

test('a soak that ends while a successor rolls out leaves the traffic and the instances to it', () => {
  const world = new World();
  const soaking = world.request('v1');
  world.through(soaking, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
  const successor = world.request('v2', { soak: hours(1) });
  world.through(successor, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.pass(minutes(5));
  assert.equal(world.state(soaking), 'completed');
  assert.equal(world.state(successor), 'deploying');
  assert.ok(!world.open.some(({ kind }) => kind === 'retire'));
});
