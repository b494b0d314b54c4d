import type { Rollout } from '../core/deployment.ts';
import { instant, type Instant } from '../core/time.ts';
import { percentOf } from '../core/weights.ts';
import { rolloutOf } from '../engine/observer/expected.ts';
import { assessmentContext, isNews, judgeSettings } from '../engine/observer/judging.ts';
import {
  assess,
  beginStep,
  createJudge,
  observe,
  type Assessment,
  type Judge,
  type InstanceHistory,
  type JudgeSettings,
  type Tick,
} from '../judge/index.ts';
import { seededChance } from './chance.ts';
import { resultOf, type ReplayResult } from './result.ts';
import { Rehearsal, type Cast } from './rehearsal.ts';
import { Resplitter, type Arms } from './resplit.ts';
import { Track } from './track.ts';

export interface ReplayOptions {
  readonly cast: Cast;
  readonly arms: Arms;
  /** What the trace counts once: each request, or each client. */
  readonly unit: JudgeSettings['unit'];
  /** What the stable version's instances did before. */
  readonly history: InstanceHistory;
  readonly seed: number;
  /** When the rollout begins, epoch milliseconds. */
  readonly startedAt: number;
  /** How far apart the trace's ticks are, ms. */
  readonly intervalMs: number;
}

/** Requests that met the canary before it was decided on. */
export interface Exposure {
  requests: number;
  errors: number;
}

/** A policy played through on a trace: the real core and the real judge, in virtual time. */
export class Replay {
  readonly #options: ReplayOptions;
  readonly #rehearsal: Rehearsal;
  readonly #resplitter: Resplitter;
  readonly #track = new Track();
  readonly #exposed: Exposure = { requests: 0, errors: 0 };
  #judge: Judge | undefined;
  #stepAt: Instant | null = null;
  #lastAt: number;
  #assessment: Assessment | undefined;

  constructor(options: ReplayOptions) {
    const { cast, arms, seed, startedAt } = options;
    this.#options = options;
    this.#rehearsal = new Rehearsal(cast, instant(startedAt));
    this.#resplitter = new Resplitter(seededChance(seed), arms);
    this.#lastAt = startedAt;
  }

  /** Takes the next tick of the trace. Ticks come in order of time. */
  observe(tick: Tick): void {
    this.#waitFor(tick.at);
    this.#rehearsal.pass(instant(tick.at));
    this.#lastAt = tick.at;
    const rollout = this.#rollout();
    if (rollout === undefined) return;
    const seen = this.#resplitter.split(tick, rollout.weight);
    const { deployment } = this.#rehearsal;
    this.#judge ??= createJudge(
      { ...judgeSettings(deployment), unit: this.#options.unit },
      rollout.startedAt ?? this.#options.startedAt,
      this.#options.history,
    );
    if (rollout.shiftedAt !== this.#stepAt) {
      this.#stepAt = rollout.shiftedAt;
      if (rollout.shiftedAt !== null) beginStep(this.#judge, rollout.shiftedAt);
    }
    observe(this.#judge, seen);
    if (deployment.status.state === 'deploying') {
      this.#exposed.requests += seen.canary.requests;
      this.#exposed.errors += seen.canary.errors;
    }
    this.#look(this.#judge, rollout, instant(tick.at));
  }

  result(): ReplayResult {
    return resultOf({
      rehearsal: this.#rehearsal,
      exposed: this.#exposed,
      drawn: this.#resplitter.drawn,
      track: this.#track.points(),
      startedAt: this.#options.startedAt,
      endedAt: this.#lastAt,
      assessment: this.#assessment,
    });
  }

  /** Telemetry that is missing for long is news by itself. */
  #waitFor(at: number): void {
    const missedAt = instant(this.#lastAt + this.#staleAfter() + 1);
    const rollout = this.#rollout();
    if (missedAt >= at || rollout === undefined || this.#judge === undefined) return;
    this.#rehearsal.pass(missedAt);
    this.#look(this.#judge, rollout, missedAt);
  }

  /** A trace of minutes is not stale after 30 seconds. */
  #staleAfter(): number {
    return Math.max(30_000, 3 * this.#options.intervalMs);
  }

  #look(judge: Judge, rollout: Rollout, at: Instant): void {
    const { deployment } = this.#rehearsal;
    const context = { ...assessmentContext(deployment, rollout, at), staleAfterMs: this.#staleAfter() };
    const assessment = assess(judge, context);
    const { verdict, rule, response, reason, record } = assessment;
    this.#assessment = assessment;
    this.#track.add({ at, weight: percentOf(rollout.weight), logE: record.evidence.logE.combined });
    if (!isNews(assessment, rollout)) return;
    const { id } = deployment;
    const said = { verdict, rule, response, reason, record: {} };
    this.#rehearsal.note({ type: 'verdict', deployment: id, step: rollout.step, ...said }, at);
    const now = this.#rollout();
    if (now === undefined) this.#track.add({ at, weight: 0, logE: record.evidence.logE.combined });
  }

  #rollout(): Rollout | undefined {
    const { deployment } = this.#rehearsal;
    return deployment.status.state === 'rolling_back' ? undefined : rolloutOf(deployment);
  }
}
