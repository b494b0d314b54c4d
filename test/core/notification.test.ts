import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { evolve } from '../../src/core/evolve.ts';
import { environmentName } from '../../src/core/ids.ts';
import { emptyLane, type Lane } from '../../src/core/lane.ts';
import { notificationOf, type Notification } from '../../src/core/notification.ts';
import { hours, seconds } from '../../src/core/time.ts';
import { advance, failCanary, serve, startCanary } from '../support/history.ts';
import { LANE, World } from './given.ts';

/** Every message that a story gave, in order, told of a lane of the name given. */
function messagesOf(world: World, environment = 'production'): Notification[] {
  let lane: Lane = emptyLane({ ...LANE, environment: environmentName(environment) });
  return world.log.flatMap((event) => {
    lane = evolve(lane, event);
    return notificationOf(lane, event) ?? [];
  });
}

const named = (messages: readonly Notification[], type: string) =>
  messages.filter((m) => m.type === type).at(-1);
const lines = (messages: readonly Notification[]) =>
  messages.map((m) => `${m.severity} ${m.type}: ${m.title}`);

describe('messages of a release', () => {
  const world = new World();
  serve(world);
  const canary = startCanary(world);
  advance(world, canary);
  const before = messagesOf(world).length;
  failCanary(world, canary);
  const messages = messagesOf(world);

  it('that goes well', () => {
    assert.deepEqual(lines(messages).slice(0, 3), [
      'info deployment.started: shop 1.4.0 is being deployed to production',
      'info canary.step: shop 1.4.0 takes 100% of the traffic in production',
      'info deployment.live: shop 1.4.0 is live in production',
    ]);
    const started = named(messages, 'deployment.started');
    assert.deepEqual(Object.keys(started?.fields ?? {}), [
      'application',
      'environment',
      'deployment',
      'version',
      'commit',
      'actor',
    ]);
    assert.equal(started?.fields['actor'], 'ada');
  });

  it('that is rolled back', () => {
    const told = messages.slice(before).map((m) => `${m.severity} ${m.type}`);
    assert.deepEqual(told, [
      'warning canary.warning',
      'critical rollback.started',
      'info rollback.completed',
      'critical deployment.failed',
    ]);
    const { reason, ...started } = named(messages, 'rollback.started')?.fields ?? {};
    assert.match(reason ?? '', /errors 6%/);
    assert.deepEqual(
      [started['environment'], started['from_version'], started['to_version'], started['estimated_duration']],
      ['production', '1.5.0', '1.4.0', 'at most 4m'],
    );
    const failed = named(messages, 'deployment.failed')?.fields ?? {};
    assert.deepEqual(
      [failed['version'], failed['stage'], failed['rollback_initiated']],
      ['1.5.0', 'rollout', 'yes'],
    );
    assert.match(failed['error_message'] ?? '', /errors 6%/);
  });

  it('alarm nobody at night outside production', () => {
    const severities = new Set(messagesOf(world, 'staging').map((m) => `${m.type} ${m.severity}`));
    assert.ok(severities.has('rollback.started warning') && severities.has('deployment.failed warning'));
  });
});

describe('messages of what ends before the rollout', () => {
  it('a failed build', () => {
    const world = new World();
    const id = world.request('d1', {}, { version: '2.0.0' });
    world.answer(id, 'preflight');
    world.answer(id, 'build', 'exit code 2');
    const messages = messagesOf(world);
    assert.deepEqual(lines(messages), [
      'critical deployment.failed: shop 2.0.0 failed in production: build: exit code 2',
    ]);
    assert.deepEqual(
      [messages[0]?.fields['stage'], messages[0]?.fields['rollback_initiated']],
      ['build', 'no'],
    );
  });
});

describe('messages of a soak', () => {
  it('its end says how long it took to be live, without the soak', () => {
    const world = new World();
    const id = world.request('d1', { soak: hours(24) });
    world.pass(seconds(90));
    world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift', 'verify');
    world.pass(hours(25));
    assert.equal(world.state(id), 'completed');
    const messages = messagesOf(world);
    const { duration, health_checks, rollback_available } =
      named(messages, 'deployment.completed')?.fields ?? {};
    assert.deepEqual([duration, health_checks, rollback_available], ['1m 30s', 'passing', 'no']);
    assert.equal(named(messages, 'deployment.live')?.fields['duration'], '1m 30s');
  });
});

describe('messages of a rollback that fails', () => {
  it('end in an incident that wakes somebody, in any environment', () => {
    const world = new World();
    serve(world);
    const canary = startCanary(world);
    advance(world, canary);
    world.verdict(canary, 'issue');
    for (let attempt = 0; attempt < 20 && world.state(canary) === 'rolling_back'; attempt++)
      for (const kind of ['start', 'shift'] as const)
        if (world.open.some((effect) => effect.deployment === canary && effect.kind === kind))
          world.answer(canary, kind, 'no answer');
    assert.equal(world.state(canary), 'failed');
    const messages = messagesOf(world, 'staging');
    assert.equal(named(messages, 'incident.opened')?.severity, 'critical');
    assert.equal(named(messages, 'incident.opened')?.fields['level'], 'P0');
    assert.equal(named(messages, 'environment.locked'), undefined);
  });
});

describe('messages of a retreat', () => {
  it('say it once, with its reason, and again only where harm is shown at the smallest share', () => {
    const world = new World();
    world.serving('v1');
    const canary = world.request('v2');
    world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
    world.pass(seconds(10));
    world.verdict(canary, 'ok');
    world.answer(canary, 'shift');
    const before = messagesOf(world).length;
    world.verdict(canary, 'issue', 'error-ratio', 'retreat');
    world.answer(canary, 'shift');
    world.verdict(canary, 'issue', 'error-ratio', 'retreat');
    assert.deepEqual(lines(messagesOf(world).slice(before)), [
      'warning canary.warning: shop v2 in production retreats from 50% to 1%: it is issue',
      'warning canary.warning: shop v2 in production: it is issue',
    ]);
  });
});
