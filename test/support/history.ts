import type { DeploymentId } from '../../src/core/ids.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { LaneEvent } from '../../src/core/events.ts';
import type { Plan } from '../../src/core/plan.ts';
import { hours, instant, minutes, seconds, type Duration } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  type Assessment,
} from '../../src/judge/index.ts';
import { answerTo, revision, type World } from '../core/given.ts';
import { id, type FakeControlPlane } from './fake-control-plane.ts';

/** 2026-11-20T12:00:00Z, when the stories below begin. */
export const NOON = instant(Date.UTC(2026, 10, 20, 12));

const step = (percent: number) => ({ weight: weightOf(percent), minimum: minutes(10), maximum: minutes(20) });
const gate = (name: string): Plan['gates'][number] => ({
  name,
  timeout: minutes(5),
  onFailure: 'block',
  needs: [],
  run: { type: 'command', settings: {} },
});

export const CANARY: Partial<Plan> = {
  steps: [step(1), step(25), step(100)],
  gates: [gate('compile'), gate('coverage')],
  soak: hours(24),
};

/** Brings 1.4.0 to carry the traffic. */
export function serve(
  world: World,
  version = '1.4.0',
  end = 'aaa001',
  soak: Duration = minutes(0),
): DeploymentId {
  const deployment = world.request(id(end), { soak }, { version, actor: 'grace' });
  world.answer(deployment, 'preflight');
  build(world, deployment, version);
  for (const kind of ['prepare', 'start', 'shift', 'verify'] as const) world.answer(deployment, kind);
  return deployment;
}

/** Ada pushes 1.5.0; gates pass; its canary has `percent` of the traffic. */
export function startCanary(world: World, end = '3f9a2c', version = '1.5.0'): DeploymentId {
  const deployment = world.request(id(end), CANARY, { version });
  world.pass(seconds(1));
  world.answer(deployment, 'preflight');
  world.pass(seconds(18));
  build(world, deployment, version);
  world.pass(seconds(42));
  pass(world, deployment, 'compile', 'no errors, no warnings');
  pass(world, deployment, 'coverage', '91% of 4,210 lines (80% asked)');
  world.pass(seconds(3));
  for (const kind of ['prepare', 'start', 'shift'] as const) world.answer(deployment, kind);
  return deployment;
}

/** From 1% to 25%, after an `ok`. */
export function advance(world: World, deployment: DeploymentId): void {
  world.pass(minutes(10));
  verdict(world, deployment, look(world.now, 0.01, 40));
  if (world.open.some((effect) => effect.kind === 'start')) world.answer(deployment, 'start');
  world.answer(deployment, 'shift');
}

/** The canary fails: harm is shown, and everything goes back to the version before. */
export function failCanary(world: World, deployment: DeploymentId): void {
  world.pass(seconds(45));
  verdict(world, deployment, look(world.now, 0.06, 50));
  world.pass(seconds(2));
  world.answer(deployment, 'shift');
  world.answer(deployment, 'retire');
}

/** What the judge really says of so many ticks at 10 requests a second to the canary and 90 to stable. */
export function look(now: number, errorRate: number, ticks: number): Assessment {
  const judge = createJudge(
    { ...DEFAULT_SETTINGS, warmUpMs: 0, acceptableErrorRate: 0.02 },
    now - ticks * 10_000,
  );
  const arm = (requests: number, rate: number) => {
    const latency = createHistogram();
    for (let i = 0; i < requests; i++) recordLatency(latency, 20 + (i % 10) * 4);
    return { requests, errors: Math.round(requests * rate), latency, crashes: 0, instanceMinutes: 1 };
  };
  for (let tick = 1; tick <= ticks; tick++) {
    const at = now - (ticks - tick) * 10_000;
    observe(judge, { at, canary: arm(100, errorRate), baseline: arm(900, 0.01) });
  }
  return assess(judge, {
    now,
    stepStartedAt: now - minutes(10),
    minStepMs: minutes(10),
    maxStepMs: minutes(20),
    concurrentBaseline: true,
    certificateRequired: false,
    staleAfterMs: 30_000,
  });
}

/** Feeds the judge's opinion as the observer would. */
function verdict(world: World, deployment: DeploymentId, assessment: Assessment): void {
  const { status } = world.get(deployment);
  const { verdict: name, rule, reason, record } = assessment;
  world.feed(
    {
      type: 'verdict',
      deployment,
      step: 'rollout' in status ? status.rollout.step : 0,
      verdict: name,
      rule,
      response: name === 'issue' ? 'rollback' : null,
      reason,
      record: JSON.parse(JSON.stringify(record)) as JsonObject,
    },
    'spillway',
  );
}

/** Answers the build. */
export function build(world: World, deployment: DeploymentId, version: string): void {
  const effect = world.effect(deployment, 'build');
  world.open = world.open.filter((one) => one !== effect);
  const { configuration: _unknown, ...built } = revision(version);
  const commit = '8c1f2e9'.padEnd(40, '0');
  const release = { ...built.release, commit };
  const answer = answerTo(effect);
  if (answer.effect !== 'build') throw new Error('the answer to a build is a build');
  world.feed({ ...answer, result: { ok: true, revision: { ...built, release } } }, 'spillway');
}

function pass(world: World, deployment: DeploymentId, name: string, reason: string): void {
  gateEnds(world, deployment, name, 'pass', reason);
}

/** Answers one gate. */
export function gateEnds(
  world: World,
  deployment: DeploymentId,
  name: string,
  result: 'pass' | 'fail',
  reason: string,
): void {
  const effect = world.open.find((one) => one.kind === 'gate' && one.gate === name);
  if (effect?.kind !== 'gate') throw new Error(`no gate ${name} is open`);
  world.open = world.open.filter((one) => one !== effect);
  const evidence = `.spillway/evidence/${name}.log`;
  const outcome = { verdict: result, reason, figures: {}, evidence };
  const base = { type: 'outcome' as const, deployment, key: effect.key };
  world.feed({ ...base, effect: 'gate', gate: name, result: { ok: true, outcome } }, 'spillway');
}

/** The events of one deployment, as its views take them. */
export const eventsOf = (world: World, deployment: DeploymentId): readonly LaneEvent[] =>
  world.log.filter((event) => 'deployment' in event && event.deployment === deployment);

/** A server with 1.4.0 serving shop/production and a canary of 1.5.0 at 25%. */
export function midCanary(controlPlane: FakeControlPlane): { world: World; deployment: DeploymentId } {
  const world = controlPlane.world();
  world.now = NOON;
  serve(world);
  world.pass(hours(3));
  const deployment = startCanary(world);
  advance(world, deployment);
  controlPlane.sync();
  return { world, deployment };
}
