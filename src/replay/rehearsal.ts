import { decide } from '../core/decide.ts';
import type { Deployment } from '../core/deployment.ts';
import type { Effect } from '../core/effects.ts';
import type { LaneEvent } from '../core/events.ts';
import { evolve } from '../core/evolve.ts';
import { artifactDigest, deploymentId, revisionDigest, type LaneId } from '../core/ids.ts';
import type { Input, Outcome } from '../core/input.ts';
import { emptyLane, findDeployment, type Lane } from '../core/lane.ts';
import type { Plan } from '../core/plan.ts';
import type { Revision } from '../core/release.ts';
import type { Instant } from '../core/time.ts';

const ID = deploymentId('rehearsal');

type Timer = Extract<Effect, { readonly kind: 'timer' }>;
type Work = Exclude<Effect, Timer>;
type Bare<I> = I extends unknown ? Omit<I, 'at' | 'actor'> : never;

/** What a rehearsal is of. */
export interface Cast {
  readonly lane: LaneId;
  /** Names of the two versions, for people. */
  readonly canary: string;
  readonly stable: string;
  readonly plan: Plan;
}

/**
 * A lane in virtual time: what serves, and a release of it that goes the way that its plan says. The decisions are the core's; the
 * world does at once and without fail whatever they ask for. Gates and builds belong to the release and not to its rollout, so they
 * are left out.
 */
export class Rehearsal {
  readonly events: LaneEvent[] = [];
  readonly #cast: Cast;
  #lane: Lane;
  #deployment: Deployment;
  #timers: Timer[] = [];

  constructor(cast: Cast, at: Instant) {
    this.#cast = { ...cast, plan: { ...cast.plan, gates: [] } };
    const empty = emptyLane(cast.lane);
    const serving = revisionOf(cast, 'stable');
    this.#lane = { ...empty, environment: { ...empty.environment, serving, fallback: serving } };
    this.#feed(
      { type: 'request', deployment: ID, kind: 'release', request: REQUEST, plan: this.#cast.plan },
      at,
    );
    const begun = findDeployment(this.#lane, ID);
    if (begun === undefined) throw new Error('a rehearsal that was refused');
    this.#deployment = begun;
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  /** Lets time pass: what falls due happens when it is due. */
  pass(until: Instant): void {
    for (;;) {
      const next = this.#nextTimer(until);
      if (next === undefined) return;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#feed({ type: 'timer', deployment: ID, timer: next.timer }, next.at);
    }
  }

  #nextTimer(until: Instant): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= until && timer.at < (next?.at ?? Infinity)) next = timer;
    return next;
  }

  /** What the judge says. */
  note(input: Bare<Extract<Input, { readonly type: 'verdict' }>>, at: Instant): void {
    this.#feed(input, at);
  }

  #feed(input: Bare<Input>, at: Instant): void {
    const waiting: Bare<Input>[] = [input];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const decision = decide(this.#lane, { ...next, at, actor: 'spillway' } as Input);
      for (const event of decision.events) this.#lane = evolve(this.#lane, event);
      this.events.push(...decision.events);
      this.#deployment = findDeployment(this.#lane, ID) ?? this.#deployment;
      if (decision.cancel.includes(ID)) this.#timers = [];
      for (const effect of decision.effects) {
        if (effect.kind === 'timer') this.#timers.push(effect);
        else waiting.push(this.#done(effect));
      }
    }
  }

  #done(effect: Work): Bare<Outcome & { at: Instant; actor: string }> {
    const base = { type: 'outcome' as const, deployment: effect.deployment, key: effect.key };
    switch (effect.kind) {
      case 'preflight':
        return { ...base, effect: effect.kind, result: { ok: true, checks: [] } };
      case 'build':
        return {
          ...base,
          effect: effect.kind,
          result: { ok: true, revision: revisionOf(this.#cast, 'canary') },
        };
      case 'gate': {
        const outcome = { verdict: 'pass' as const, reason: '', figures: {}, evidence: null };
        return { ...base, effect: effect.kind, gate: effect.gate, result: { ok: true, outcome } };
      }
      case 'start':
        return { ...base, effect: effect.kind, result: { ok: true, ready: effect.count } };
      case 'prepare':
      case 'shift':
      case 'verify':
      case 'retire':
        return { ...base, effect: effect.kind, result: { ok: true } };
    }
  }
}

function revisionOf({ lane, plan, ...names }: Cast, arm: 'canary' | 'stable'): Revision {
  return {
    digest: revisionDigest(`rehearsed-${arm}`),
    release: {
      application: lane.application,
      version: names[arm],
      commit: '',
      artifact: artifactDigest(`rehearsed-${arm}`),
    },
    runtime: plan.runtime,
    secrets: {},
    configuration: 1,
  };
}

const REQUEST: Deployment['request'] = {
  event: 'rehearsal',
  trigger: 'manual',
  actor: 'spillway',
  ref: null,
  commit: '',
  version: null,
  reason: null,
  retryOf: null,
  revision: null,
  emergency: false,
};
