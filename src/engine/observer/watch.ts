import type { Deployment, Rollout } from '../../core/deployment.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Instant } from '../../core/time.ts';
import {
  assess,
  createJudge,
  observe,
  type Assessment,
  type InstanceHistory,
  type Judge,
  type JudgeSettings,
  type Tick,
} from '../../judge/index.ts';
import type { SeriesRow } from '../../ports/store.ts';
import type { TrafficCounts } from '../../ports/traffic.ts';
import type { LiveStatus } from '../control-plane.ts';
import { asJson } from '../tasks.ts';
import { assessmentContext, judgeSettings } from './judging.ts';
import {
  armTick,
  Counters,
  countsOf,
  packLook,
  unpackLook,
  type Look,
  type Side,
  type Sides,
} from './series.ts';
import { Tempering } from './tempering.ts';

/** What was seen of the instances since the look before. */
export type InstanceLook = Pick<Look, 'crashes' | 'instanceMinutes'>;

/** Told everything that the judge is given, in order: whoever keeps it can judge again. */
export interface Tape {
  begin(settings: JudgeSettings, startedAt: number, history: InstanceHistory): void;
  step(at: number): void;
  tick(tick: Tick): void;
}

/** Follows one rollout: counts become looks, looks become series rows and evidence, evidence becomes an assessment. */
export class Watch {
  readonly #deployment: Deployment;
  readonly #sides: Sides;
  readonly #counters = new Counters();
  readonly #tempering = new Tempering();
  readonly #tape: Tape | undefined;
  #judge: Judge | undefined;
  #lastAt: number | undefined;
  /** The provider's counts just before the rollout began. */
  #before: TrafficCounts | undefined;
  #assessment: Assessment | null = null;

  /** @param rows what was recorded of this rollout so far: the judge is rebuilt from them */
  constructor(deployment: Deployment, rows: readonly SeriesRow[], tape?: Tape) {
    this.#deployment = deployment;
    this.#tape = tape;
    this.#sides = { canary: deployment.revision?.digest, baseline: deployment.previous?.digest };
    for (const { at, payload } of rows) {
      const look = unpackLook(payload);
      this.#counters.replay(look);
      this.#fold(look, at);
    }
  }

  /** When the last recorded look was taken. */
  get lastAt(): number | undefined {
    return this.#lastAt;
  }

  /** @returns the row to be recorded before the look is `accept`ed; null while the provider counts for another rollout */
  look(now: Instant, counts: TrafficCounts, instances: InstanceLook, rollout: Rollout): SeriesRow | null {
    if (counts.rollout !== this.#deployment.id) {
      this.#before = counts;
      return null;
    }
    const at = Math.max(now, this.#lastAt ?? now) as Instant;
    const current = countsOf(counts, this.#sides);
    const start = this.#judge === undefined ? this.#begin(counts, rollout.startedAt ?? at) : null;
    const look = {
      epoch: counts.epoch,
      start,
      counts: this.#counters.advance(counts.epoch, current),
      ...instances,
    };
    this.#fold(look, at);
    return { deployment: this.#deployment.id, at, payload: packLook(look) };
  }

  /** The verdict of this moment; undefined before the first look. */
  assess(deployment: Deployment, rollout: Rollout, now: Instant): Assessment | undefined {
    if (this.#judge === undefined) return undefined;
    this.#assessment = assess(this.#judge, assessmentContext(deployment, rollout, now));
    return this.#assessment;
  }

  live(): LiveStatus {
    const totals = this.#judge?.sinceStart;
    const counts = totals === undefined ? {} : { canary: totals.canary, baseline: totals.baseline };
    return {
      deployment: this.#deployment.id,
      assessment: this.#assessment,
      counts: structuredClone(asJson(counts)) as JsonObject,
    };
  }

  /** The rollout's first look: what was counted before it is not its own. */
  #begin(counts: TrafficCounts, startedAt: number): Look['start'] {
    const base = countsOf(this.#before?.epoch === counts.epoch ? this.#before : counts, this.#sides);
    this.#counters.begin(counts.epoch, base);
    return { at: startedAt, base };
  }

  #create(startedAt: number): Judge {
    const settings = judgeSettings(this.#deployment);
    this.#tape?.begin(settings, startedAt, []);
    return createJudge(settings, startedAt, []);
  }

  #fold(look: Look, at: number): void {
    const startedAt = Math.min(look.start?.at ?? at, at);
    const judge = (this.#judge ??= this.#create(startedAt));
    const tick = { at, canary: armTick(look, 'canary'), baseline: armTick(look, 'baseline') };
    observe(judge, tick);
    this.#tape?.tick(tick);
    this.#lastAt = at;
    const phi = this.#tempering.add(look);
    if (phi !== undefined) this.#judge = { ...judge, settings: { ...judge.settings, fixedPhi: phi } };
  }
}

/** Nothing crashed, nobody ran. */
export const noneOf = (): Record<Side, number> => ({ canary: 0, baseline: 0 });
