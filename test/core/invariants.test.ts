import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isActive, isTerminal, type Deployment } from '../../src/core/deployment.ts';
import type { Effect } from '../../src/core/effects.ts';
import { evolve } from '../../src/core/evolve.ts';
import type { DeploymentId } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/input.ts';
import { emptyLane, liveOnly } from '../../src/core/lane.ts';
import { instancesFor, MOST_RETREATS } from '../../src/core/planner.ts';
import { days, minutes, seconds } from '../../src/core/time.ts';
import { answerTo, LANE, PLAN, revision, World } from './given.ts';

/** Numbers stand for choices among whatever is possible at that moment, so that shrinking keeps making sense. */
type Move =
  | { readonly do: 'request'; readonly commit: number; readonly hold: boolean; readonly gates: number }
  | { readonly do: 'back'; readonly commit: number }
  | { readonly do: 'answer'; readonly pick: number; readonly ok: boolean }
  | { readonly do: 'repeat'; readonly pick: number }
  | {
      readonly do: 'verdict';
      readonly pick: number;
      readonly verdict: 'ok' | 'warning' | 'issue' | 'undecided';
      readonly response: 'retreat' | 'rollback';
    }
  | { readonly do: 'degraded'; readonly pick: number }
  | {
      readonly do: 'command';
      readonly pick: number;
      readonly verb: 'pause' | 'resume' | 'promote' | 'abort' | 'cancel';
    }
  | { readonly do: 'unlock' }
  | { readonly do: 'pass'; readonly wait: number };

const pick = fc.nat(20);
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ do: fc.constant('request' as const), commit: fc.nat(5), hold: fc.boolean(), gates: fc.nat(2) }),
  fc.record({ do: fc.constant('back' as const), commit: fc.nat(5) }),
  { weight: 6, arbitrary: fc.record({ do: fc.constant('answer' as const), pick, ok: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const), pick, ok: fc.constant(true) }) },
  fc.record({ do: fc.constant('repeat' as const), pick }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('verdict' as const),
      pick,
      verdict: fc.constantFrom(
        'ok' as const,
        'ok' as const,
        'warning' as const,
        'issue' as const,
        'undecided' as const,
      ),
      response: fc.constantFrom('retreat' as const, 'retreat' as const, 'rollback' as const),
    }),
  },
  fc.record({ do: fc.constant('degraded' as const), pick }),
  fc.record({
    do: fc.constant('command' as const),
    pick,
    verb: fc.constantFrom(
      'pause' as const,
      'resume' as const,
      'promote' as const,
      'abort' as const,
      'cancel' as const,
    ),
  }),
  fc.record({ do: fc.constant('unlock' as const) }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      wait: fc.constantFrom(1, 10_000, 60_000, 600_000),
    }),
  },
);

/** Runs moves and checks every invariant after each. */
class Checked {
  readonly world: World;
  readonly answered: Outcome[] = [];
  readonly keys = new Set<string>();
  readonly ended = new Set<DeploymentId>();
  readonly takenBack = new Set<DeploymentId>();
  seen = 0;
  requests = 0;

  constructor(world = new World()) {
    this.world = world;
    this.check();
  }

  run(move: Move): void {
    const { world } = this;
    const live = world.lane.deployments;
    const id = 'pick' in move ? live[move.pick % Math.max(1, live.length)]?.id : undefined;
    switch (move.do) {
      case 'request': {
        const gate = {
          timeout: minutes(1),
          onFailure: 'block' as const,
          needs: [],
          run: { type: 'x', settings: {} },
        };
        const gates = Array.from({ length: move.gates }, (_, i) => ({ ...gate, name: `g${i}` }));
        const plan = { gates, duringSoak: move.hold ? ('hold' as const) : ('replace' as const) };
        world.request(`v${move.commit}@${this.requests++}`, plan, { commit: `c${move.commit}` });
        break;
      }
      case 'back':
        world.request(`b${this.requests++}`, {}, { revision: revision(`v${move.commit}`) });
        break;
      case 'answer':
        this.answer(move);
        break;
      case 'repeat': {
        const outcome = this.answered[move.pick % Math.max(1, this.answered.length)];
        if (outcome !== undefined) {
          const before = world.lane;
          world.feed(outcome);
          assert.deepEqual(world.lane, before, 'an outcome counts once');
        }
        break;
      }
      case 'verdict':
        if (id !== undefined) world.verdict(id, move.verdict, 'error-ratio', move.response);
        break;
      case 'degraded':
        if (id !== undefined) {
          world.feed({ type: 'degraded', deployment: id, check: 'health', reason: '503', record: {} });
        }
        break;
      case 'command':
        if (id !== undefined)
          world.feed({ type: move.verb, deployment: id, reason: 'because', full: false } as never);
        break;
      case 'unlock':
        world.feed({ type: 'unlock', reason: 'mended' });
        break;
      case 'pass':
        world.pass(move.wait);
        break;
    }
    this.check();
  }

  answer(move: { readonly pick: number; readonly ok: boolean }): void {
    const { world } = this;
    const answerable = world.open.filter((effect) => effect.kind !== 'timer');
    const effect = answerable[move.pick % Math.max(1, answerable.length)];
    if (effect === undefined) return;
    world.open = world.open.filter((one) => one !== effect);
    const outcome = answerTo(effect, move.ok ? undefined : 'it failed');
    this.answered.push(outcome);
    world.feed(outcome);
  }

  check(): void {
    const { world } = this;
    const states = world.lane.deployments.map((d) => d.status.state);
    assert.ok(states.filter(isActive).length <= 1, `two at work: ${states.join()}`);
    assert.ok(states.filter((state) => state === 'monitoring').length <= 1, `two soak: ${states.join()}`);
    for (const deployment of world.lane.deployments) {
      assert.ok(Object.keys(deployment.due).length > 0, `${deployment.status.state} has no deadline`);
      this.checkTimers(deployment);
      this.checkRetreat(deployment);
    }
    this.checkEvents();
    for (const effect of world.open) this.checkEffect(effect);
  }

  /** What is due later rings: nothing that is called off takes a timer with it that still holds. */
  checkTimers({ id, due }: Deployment): void {
    for (const [timer, at] of Object.entries(due)) {
      if (at <= this.world.now) continue;
      const rings = this.world.open.some(
        (one) => one.kind === 'timer' && one.deployment === id && one.timer === timer && one.at === at,
      );
      assert.ok(rings, `nothing rings for ${timer} at ${at}`);
    }
  }

  /** Between the decision to retreat and its end nothing asks for more traffic than the smallest share. */
  checkRetreat({ id, status }: Deployment): void {
    if (!('rollout' in status)) return;
    const { phase, step, retreats } = status.rollout;
    assert.ok(retreats <= MOST_RETREATS, `${id} retreated ${retreats} times`);
    if (phase !== 'retreating') return;
    const asked = this.world.open.filter((one) => one.deployment === id && one.kind !== 'timer');
    assert.deepEqual(
      asked.map((one) => (one.kind === 'shift' ? one.canary?.weight : one.kind)),
      [PLAN.steps[step]?.weight],
    );
    assert.equal(step, 0);
  }

  checkEvents(): void {
    const fresh = this.world.log.slice(this.seen);
    this.seen = this.world.log.length;
    for (const event of fresh) {
      if (!('deployment' in event) || event.type === 'incident.opened') continue;
      const { deployment, type } = event;
      assert.ok(!this.ended.has(deployment), `${type} after the end of ${deployment}`);
      if ('key' in event && event.key !== null) {
        assert.ok(!this.keys.has(event.key), `the key ${event.key} is used twice`);
        this.keys.add(event.key);
      }
      if (type === 'rollback.started') this.takenBack.add(deployment);
      if (/^deployment\.(completed|failed|rejected)$/.test(type)) this.ended.add(deployment);
    }
  }

  checkEffect(effect: Effect): void {
    if (effect.kind !== 'timer') assert.ok(this.keys.has(effect.key), `no event names ${effect.key}`);
    if (effect.kind !== 'shift' && effect.kind !== 'retire') return;
    if (this.takenBack.has(effect.deployment)) {
      assert.equal(effect.canary, null, 'what is taken back gets traffic');
    }
    const deployment = this.world.lane.deployments.find((d) => d.id === effect.deployment);
    if (effect.canary === null || deployment === undefined || !('rollout' in deployment.status)) return;
    const needed = instancesFor(effect.canary.weight, PLAN.runtime.instances);
    assert.ok(deployment.status.rollout.instances >= needed, 'more traffic than ready instances');
  }
}

test('the invariants hold after any inputs, in any order, doubled or late', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 5, maxLength: 80 }), (moves) => {
      const checked = new Checked();
      for (const one of moves) checked.run(one);
    }),
    { numRuns: 1500 },
  );
});

/** A canary that has half of the traffic, where most can happen to it. */
function halfway(): World {
  const world = new World();
  world.serving('v1');
  const canary = world.request('v2@halfway');
  world.through(canary, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.pass(seconds(10));
  world.verdict(canary, 'ok');
  world.answer(canary, 'shift');
  return world;
}

test('they hold from the middle of a rollout on, where retreats begin and end', () => {
  let retreats = 0;
  fc.assert(
    fc.property(fc.array(move, { minLength: 5, maxLength: 40 }), (moves) => {
      const checked = new Checked(halfway());
      for (const one of moves) checked.run(one);
      retreats += checked.world.log.filter(({ type }) => type === 'canary.retreated').length;
    }),
    { numRuns: 1000 },
  );
  assert.ok(retreats > 20, `${retreats} retreats were seen`);
});

test('left alone, every deployment ends', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 5, maxLength: 60 }), (moves) => {
      const checked = new Checked();
      for (const one of moves) checked.run(one);
      for (let day = 0; day < 40; day++) {
        checked.world.pass(days(1));
        checked.check();
      }
      const left = checked.world.lane.deployments.map((d) => d.status.state);
      assert.deepEqual(left, []);
    }),
    { numRuns: 300 },
  );
});

test('the state is the fold of the events and of nothing else', () => {
  fc.assert(
    fc.property(fc.array(move, { minLength: 5, maxLength: 60 }), (moves) => {
      const checked = new Checked();
      for (const one of moves) checked.run(one);
      const folded = checked.world.log.reduce(evolve, emptyLane(LANE));
      assert.deepEqual({ ...folded, deployments: liveOnly(folded.deployments) }, checked.world.lane);
      for (const deployment of folded.deployments) {
        if (isTerminal(deployment.status.state))
          assert.deepEqual(deployment, checked.world.get(deployment.id));
      }
    }),
    { numRuns: 300 },
  );
});
