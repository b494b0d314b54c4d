import type { Deployment, Rollout } from '../../core/deployment.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Instant } from '../../core/time.ts';
import {
  assess,
  beginStep,
  createJudge,
  latencyBuckets,
  observe,
  slowThresholds,
  type Assessment,
  type InstanceHistory,
  type Judge,
  type JudgeSettings,
  type Tick,
} from '../../judge/index.ts';
import type { SeriesRow } from '../../ports/store.ts';
import type { TrafficCounts } from '../../ports/traffic.ts';
import { hasFreshBaseline } from '../baseline.ts';
import type { LiveStatus } from '../control-plane.ts';
import { asJson } from '../tasks.ts';
import { assessmentContext, judgeSettings } from './judging.ts';
import type { FeedTick } from './metric-feed.ts';
import {
  armTick,
  Counters,
  countsOf,
  METERED,
  packLook,
  stableInstances,
  unpackLook,
  type Look,
  type Side,
  type Sides,
} from './series.ts';

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
  readonly #sides: Sides;
  #deployment: Deployment;
  #settings: JudgeSettings;
  readonly #counters = new Counters();
  readonly #tape: Tape | undefined;
  /** Distinct failing ones so far. */
  readonly #clients = noneOf();
  /** More clients came than the provider can tell apart exactly. */
  #approximate = false;
  #judge: Judge | undefined;
  #lastAt: number | undefined;
  /** The step that was begun last, by the time at which its weight was confirmed. */
  #step: number | null = null;
  /** The provider's counts just before the rollout began. */
  #before: TrafficCounts | undefined;
  #assessment: Assessment | null = null;

  /** @param rows what was recorded of this rollout so far: the judge is rebuilt from them */
  constructor(deployment: Deployment, rows: readonly SeriesRow[], tape?: Tape) {
    this.#deployment = deployment;
    this.#tape = tape;
    this.#sides = sidesOf(deployment);
    this.#settings = judgeSettings(deployment);
    for (const row of rows) this.replay(row);
  }

  /** Takes a look that was recorded, as the next one. */
  replay({ at, payload }: SeriesRow): void {
    const look = unpackLook(payload);
    this.#counters.replay(look);
    this.#fold(look, at);
  }

  /** Until the judge begins, the rollout's steps may still be chosen. */
  concern(deployment: Deployment): void {
    if (this.#judge !== undefined || deployment.plan === this.#deployment.plan) return;
    this.#deployment = deployment;
    this.#settings = judgeSettings(deployment);
  }

  /** When the last recorded look was taken. */
  get lastAt(): number | undefined {
    return this.#lastAt;
  }

  /** The buckets of latency that the provider has to count once for each client; none where requests are drawn by themselves. */
  get buckets(): readonly number[] {
    const { unit } = this.#settings;
    return unit === 'client' && this.#judge !== undefined ? latencyBuckets(this.#judge) : [];
  }

  /**
   * @param history what the stable version's instances did before this look
   * @returns the row to be recorded; null while the provider counts for another rollout
   */
  look(
    now: Instant,
    counts: TrafficCounts,
    { rollout, history, ...instances }: InstanceLook & { rollout: Rollout; history: InstanceHistory },
  ): SeriesRow | null {
    if (counts.rollout !== this.#deployment.id) {
      this.#before = counts;
      return null;
    }
    this.#approximate = counts.approximate;
    // No two looks end at the same time: their order alone then says which steps began before which.
    const at = Math.max(now, (this.#lastAt ?? 0) + 1) as Instant;
    const current = countsOf(counts, this.#sides);
    const start = this.#judge === undefined ? this.#begin(counts, rollout.startedAt ?? at, history) : null;
    const look: Look = {
      epoch: counts.epoch,
      start,
      step: rollout.shiftedAt === this.#step ? null : rollout.shiftedAt,
      ...this.#counters.advance(counts.epoch, current),
      ...instances,
    };
    this.#fold(look, at);
    return { deployment: this.#deployment.id, at, payload: packLook(look) };
  }

  /** A tick of a metric source, which has counted by itself what came since the one before. @returns the row to be recorded */
  take({ at, counts }: FeedTick, { startedAt, shiftedAt }: Rollout): SeriesRow {
    const begins = shiftedAt !== null && shiftedAt !== this.#step && at > shiftedAt;
    const look: Look = {
      epoch: METERED,
      start: this.#judge === undefined ? { at: startedAt ?? at, base: [], history: [] } : null,
      step: begins ? shiftedAt : null,
      counts,
      reset: [],
      crashes: noneOf(),
      instanceMinutes: noneOf(),
    };
    this.#fold(look, at);
    return { deployment: this.#deployment.id, at, payload: packLook(look) };
  }

  /** The verdict of this moment; undefined before the first look. @param trouble why there are no newer counts */
  assess(deployment: Deployment, rollout: Rollout, now: Instant, trouble?: string): Assessment | undefined {
    if (this.#judge === undefined) return undefined;
    const context = assessmentContext(deployment, rollout, now);
    this.#assessment = assess(this.#judge, trouble === undefined ? context : { ...context, trouble });
    return this.#assessment;
  }

  live(): LiveStatus {
    const totals = this.#judge?.sinceStart;
    const counts =
      totals === undefined
        ? {}
        : {
            canary: totals.canary,
            baseline: totals.baseline,
            ...(this.#settings.unit === 'client' ? { clients: this.#clients } : {}),
            ...(this.#approximate ? { approximate: true } : {}),
          };
    return {
      deployment: this.#deployment.id,
      assessment: this.#assessment,
      counts: structuredClone(asJson(counts)) as JsonObject,
    };
  }

  /** The rollout's first look: what was counted before it is not its own. */
  #begin(counts: TrafficCounts, startedAt: number, history: InstanceHistory): Look['start'] {
    const base = countsOf(this.#before?.epoch === counts.epoch ? this.#before : counts, this.#sides);
    this.#counters.begin(counts.epoch, base);
    return { at: startedAt, base, history };
  }

  #create(look: Look, at: number): Judge {
    const startedAt = Math.min(look.start?.at ?? at, at);
    const history = look.start?.history ?? [];
    this.#tape?.begin(this.#settings, startedAt, history);
    return createJudge(this.#settings, startedAt, history);
  }

  #fold(look: Look, at: number): void {
    const judge = (this.#judge ??= this.#create(look, at));
    if (look.step !== null) {
      this.#step = look.step;
      beginStep(judge, at);
      this.#tape?.step(at);
    }
    const tick = this.#tick(look, at, slowThresholds(judge));
    observe(judge, tick);
    this.#tape?.tick(tick);
    this.#lastAt = at;
  }

  /** @param slowFrom the judge's, before it has seen the look */
  #tick(look: Look, at: number, slowFrom: ArrayLike<number>): Tick {
    const tick: Tick = {
      at,
      canary: armTick(look, 'canary'),
      baseline: armTick(look, 'baseline'),
      stableInstances: stableInstances(look, this.#settings.unit, slowFrom),
    };
    if (this.#settings.unit === 'request') return tick;
    for (const { part, clients } of look.counts) if (part !== 'stable') this.#clients[part] += clients;
    return { ...tick, clients: { ...this.#clients } };
  }
}

const sidesOf = (deployment: Deployment): Sides => ({
  canary: deployment.revision?.digest,
  stable: deployment.previous?.digest,
  fresh: hasFreshBaseline(deployment),
});

/** Nothing crashed, nobody ran. */
export const noneOf = (): Record<Side, number> => ({ canary: 0, baseline: 0 });
