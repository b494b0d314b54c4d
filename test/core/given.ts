import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/decision.ts';
import type { Deployment } from '../../src/core/deployment.ts';
import type { Effect } from '../../src/core/effects.ts';
import { evolve } from '../../src/core/evolve.ts';
import {
  applicationName,
  artifactDigest,
  deploymentId,
  environmentName,
  revisionDigest,
  type DeploymentId,
} from '../../src/core/ids.ts';
import type { Command, Input, Observation, Outcome, TimerDue } from '../../src/core/input.ts';
import { emptyLane, findDeployment, liveOnly, type Lane } from '../../src/core/lane.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { Revision } from '../../src/core/release.ts';
import { days, hours, instant, minutes, seconds, type Instant } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';

export const LANE = { application: applicationName('shop'), environment: environmentName('production') };

export const PLAN: Plan = {
  strategy: 'canary',
  steps: [
    { weight: weightOf(1), minimum: seconds(10), maximum: seconds(60) },
    { weight: weightOf(50), minimum: seconds(10), maximum: seconds(60) },
    { weight: weightOf(100), minimum: seconds(10), maximum: seconds(60) },
  ],
  pace: 'time',
  onInconclusive: 'pause',
  gates: [],
  artifact: { path: '.', build: null },
  runtime: {
    target: { type: 'dummy', settings: {} },
    traffic: { type: 'dummy', settings: {} },
    instances: 2,
  },
  analysis: {
    judge: 'sequential',
    stages: 2,
    certificate: 'standard',
    baseline: 'stable',
    alpha: 0.01,
    warmUp: seconds(1),
    errorRate: null,
    aboveBaseline: false,
    p95: null,
    p99: null,
    errorRateIncrease: 1.2,
    errorDifference: null,
    crashRate: null,
    window: minutes(5),
    crashWindow: minutes(5),
    compare: true,
  },
  health: { interval: seconds(1), consecutiveFailures: 3, startTimeout: minutes(1) },
  rollback: { when: 'automatic', maxAttempts: 2, toZero: minutes(2) },
  soak: minutes(5),
  duringSoak: 'replace',
  pauseLimit: hours(72),
  deadlines: {
    pending: minutes(10),
    validating: minutes(10),
    building: minutes(30),
    testing: minutes(60),
    approval: hours(72),
    approved: days(7),
    deploying: minutes(15),
    verifying: minutes(15),
    monitoring: hours(1),
    rollingBack: minutes(10),
  },
};

export function revision(version: string, configuration = 1): Revision {
  return {
    digest: revisionDigest(`sha256:revision-${version}-${configuration}`),
    release: {
      application: LANE.application,
      version,
      commit: `commit-${version}`,
      artifact: artifactDigest(`sha256:artifact-${version}`),
    },
    runtime: PLAN.runtime,
    secrets: {},
    configuration,
  };
}

/**
 * A lane that inputs are fed to one after another. It remembers the last decision and every effect asked for that is
 * neither answered nor called off, as the store would.
 */
export class World {
  lane: Lane = emptyLane(LANE);
  now: Instant = instant(0);
  open: readonly Effect[] = [];
  last: Decision = { events: [], effects: [], cancel: [], refused: null };
  /** Ended deployments, which a store would no longer load. */
  ended: readonly Deployment[] = [];
  readonly log: Decision['events'][number][] = [];

  feed(input: Command | Outcome | Observation | TimerDue, actor = 'ada'): Decision {
    const decision = decide(this.lane, { ...input, at: this.now, actor } as Input);
    this.log.push(...decision.events);
    const folded = decision.events.reduce(evolve, this.lane);
    this.ended = [...this.ended, ...folded.deployments.filter((d) => !liveOnly([d]).includes(d))];
    this.lane = { ...folded, deployments: liveOnly(folded.deployments) };
    const kept = this.open.filter((effect) => !decision.cancel.includes(effect.deployment));
    this.open = [...kept, ...decision.effects];
    this.last = decision;
    return decision;
  }

  request(name: string, plan: Partial<Plan> = {}, more: Partial<Deployment['request']> = {}): DeploymentId {
    const id = deploymentId(name);
    const request: Deployment['request'] = {
      event: `event-${name}`,
      trigger: 'push',
      actor: 'ada',
      ref: 'refs/heads/main',
      commit: `commit-${name}`,
      version: null,
      reason: null,
      retryOf: null,
      revision: null,
      emergency: false,
      ...more,
    };
    const kind = request.revision === null ? 'release' : 'rollback';
    this.feed({ type: 'request', deployment: id, kind, request, plan: { ...PLAN, ...plan } });
    return id;
  }

  /** The open effect of a kind, oldest first. */
  effect<Kind extends Effect['kind']>(id: DeploymentId, kind: Kind): Extract<Effect, { kind: Kind }> {
    const found = this.open.find((effect) => effect.deployment === id && effect.kind === kind);
    if (found === undefined) throw new Error(`${id} waits for no ${kind}`);
    return found as Extract<Effect, { kind: Kind }>;
  }

  /** Answers the open effect of a kind. */
  answer(id: DeploymentId, kind: Exclude<Effect['kind'], 'timer'>, failure?: string): Decision {
    const effect = this.effect(id, kind);
    this.open = this.open.filter((one) => one !== effect);
    return this.feed(answerTo(effect, failure), 'spillway');
  }

  verdict(
    id: DeploymentId,
    verdict: 'ok' | 'warning' | 'issue' | 'undecided',
    rule = 'error-ratio',
    response: 'retreat' | 'rollback' = 'rollback',
  ): Decision {
    const { status } = this.get(id);
    const step = 'rollout' in status ? status.rollout.step : 0;
    const asked = verdict === 'issue' ? response : null;
    const said = { verdict, rule, response: asked, reason: `it is ${verdict}`, record: {} };
    return this.feed({ type: 'verdict', deployment: id, step, ...said }, 'spillway');
  }

  /** Lets time pass and fires every timer that is due by then, in order. */
  pass(wait: number): void {
    const until = instant(this.now + wait);
    for (;;) {
      const next = this.open
        .filter((effect) => effect.kind === 'timer' && effect.at <= until)
        .toSorted((a, b) => (a as { at: number }).at - (b as { at: number }).at)[0];
      if (next === undefined || next.kind !== 'timer') break;
      this.open = this.open.filter((effect) => effect !== next);
      this.now = instant(Math.max(this.now, next.at));
      this.feed({ type: 'timer', deployment: next.deployment, timer: next.timer }, 'spillway');
    }
    this.now = until;
  }

  /** Brings a first release or a rollout up to the wanted place, everything answering well. */
  through(id: DeploymentId, ...kinds: ReadonlyArray<Exclude<Effect['kind'], 'timer'>>): void {
    for (const kind of kinds) this.answer(id, kind);
  }

  /** A release that has completed and serves. */
  serving(name: string): DeploymentId {
    const id = this.request(name, { soak: minutes(0) });
    this.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
    if (this.state(id) === 'deploying') {
      for (let step = 0; step < PLAN.steps.length && this.state(id) === 'deploying'; step++) {
        this.pass(seconds(10));
        this.verdict(id, 'ok');
        if (this.open.some((e) => e.deployment === id && e.kind === 'start')) this.answer(id, 'start');
        if (this.open.some((e) => e.deployment === id && e.kind === 'shift')) this.answer(id, 'shift');
      }
    }
    this.answer(id, 'verify');
    return id;
  }

  get(id: DeploymentId): Deployment {
    const found = findDeployment(this.lane, id) ?? this.ended.find((d) => d.id === id);
    if (found === undefined) throw new Error(`no deployment ${id}`);
    return found;
  }

  state(id: DeploymentId): string {
    return this.get(id).status.state;
  }

  /** Types of the events of the last decision. */
  happened(): readonly string[] {
    return this.last.events.map((event) => event.type);
  }
}

/** What an effect's runner would report. */
export function answerTo(effect: Effect, failure?: string): Outcome {
  const { deployment, key, kind } = effect;
  if (kind === 'timer') throw new Error('a timer has no outcome');
  const name = deployment.split('@')[0] ?? deployment;
  const base = { type: 'outcome' as const, deployment, key };
  if (failure !== undefined) {
    const result = { ok: false as const, reason: failure };
    if (kind === 'gate') return { ...base, effect: 'gate', gate: effect.gate, result };
    return { ...base, effect: kind, result };
  }
  switch (kind) {
    case 'preflight':
      return { ...base, effect: kind, result: { ok: true, checks: [] } };
    case 'build': {
      const { configuration: _unknown, ...built } = revision(name);
      return { ...base, effect: kind, result: { ok: true, revision: built } };
    }
    case 'gate': {
      const outcome = { verdict: 'pass' as const, reason: 'fine', figures: {}, evidence: null };
      return { ...base, effect: kind, gate: effect.gate, result: { ok: true, outcome } };
    }
    case 'start':
      return { ...base, effect: kind, result: { ok: true, ready: effect.count } };
    case 'prepare':
    case 'shift':
    case 'verify':
    case 'retire':
      return { ...base, effect: kind, result: { ok: true } };
  }
}
