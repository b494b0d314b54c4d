import { DEFAULT_PLAIN, type PlainSettings } from './plain/settings.ts';

/** The effect that evidence must come with, seen over the last `windowMs`, before it counts as harm. Ratios canary / baseline. */
export interface EffectGates {
  readonly errorRatio: number;
  readonly p95Ratio: number;
  readonly p99Ratio: number;
  /** canary - baseline, in share of requests: so much more matters, however small the ratio. */
  readonly errorDifference?: number;
  /** A limit on errors is only applied to a canary that fails more often than the baseline does. */
  readonly errorLimitAboveBaseline?: boolean;
}

export const DEFAULT_GATES: EffectGates = { errorRatio: 1.2, p95Ratio: 1.15, p99Ratio: 1.25 };

/** Absolute limits. Each is tested (has the true value been shown to be over it?), never just compared. */
export interface Limits {
  /** Share of requests that fail: 0.05 = 5%. */
  readonly errorRate?: number;
  /** Not more than 5% of requests slower than this, in ms. */
  readonly p95Ms?: number;
  /** Not more than 1% of requests slower than this, in ms. */
  readonly p99Ms?: number;
  /** Crashes per instance and minute. */
  readonly crashesPerMinute?: number;
}

/** How a canary is judged: by evidence that may be looked at all the time, or by one of the plain rules of other tools. */
export type JudgeRule = 'sequential' | 'fixed' | 'consecutive' | 'mann_whitney';

export interface JudgeSettings {
  readonly rule: JudgeRule;
  /** Probability of a false `issue` for the comparison with the baseline, over the whole rollout. */
  readonly alpha: number;
  /** Whether latency is compared. Limits on latency are tested either way. */
  readonly latency: boolean;
  readonly limits: Limits;
  readonly gates: EffectGates;
  /** Ticks that the rollout is planned to take, over which the onset of a regression is spread. */
  readonly plannedTicks: number;
  /** The same for absolute limits, which are watched on when no baseline serves any more; `plannedTicks` unless told. */
  readonly watchedTicks?: number;
  /**
   * The start of the canary's life that is left out of the evidence; a dead release and crashes count from the start. 'auto': three times
   * the time constant with which the canary's latency or errors fall in its first minutes, 30 s to 5 min.
   */
  readonly warmUpMs: number | 'auto';
  /** Effects and thresholds of latency are taken over this time. */
  readonly windowMs: number;
  /**
   * A share of failing requests that is good enough whatever the baseline's is. With it a canary is also certified by being shown to
   * fail less often than this; without it a service whose two arms never fail cannot be certified, since there is nothing to compare.
   */
  readonly acceptableErrorRate?: number;
  /** With 2 the canary retreats at first, and is rolled back when the evidence has become ten times as strong. */
  readonly stages: 1 | 2;
  /** How much evidence of health is asked for: 20:1, or 100:1. */
  readonly certificate: 'standard' | 'strict';
  /** What is assigned to an arm, and so what is counted: each request by itself, or a client that stays on its version. */
  readonly unit: 'request' | 'client';
  /** Whether evidence on requests is divided by how much more errors vary than independent ones would. 'off' is for tests and simulations. */
  readonly tempering: 'estimated' | 'off';
  /** That divisor, where it is known and not to be estimated. */
  readonly fixedPhi?: number;
  /** When a regression may begin: at any time ('mixture'), or only with the rollout ('start', for tests and simulations). */
  readonly onset: 'mixture' | 'start';
  /** What the other rules than 'sequential' ask for. */
  readonly plain: PlainSettings;
}

export const DEFAULT_SETTINGS: JudgeSettings = {
  rule: 'sequential',
  alpha: 0.01,
  latency: true,
  limits: {},
  gates: DEFAULT_GATES,
  plannedTicks: 1800,
  warmUpMs: 'auto',
  windowMs: 300_000,
  stages: 2,
  certificate: 'standard',
  unit: 'request',
  tempering: 'estimated',
  onset: 'mixture',
  plain: DEFAULT_PLAIN,
};

/** The shortest warm-up where its length is found from the canary's first minutes. */
export const LEAST_WARM_UP_MS = 30_000;
/**
 * What one tick may say for harm at most, in nats: see `capStep`. Slow answers come together more often than errors do, and a slower canary
 * is slower in many ticks.
 */
export const MOST_OF_ERRORS = 3;
export const MOST_OF_SLOW = 1;
/** Ticks are no longer than this, but where nobody looked for a while: then they may say as much as so many of these. */
const LONGEST_TICK_MS = 10_000;

/** How many ticks one of this length stands for. */
export const ticksIn = (lengthMs: number): number => Math.max(1, lengthMs / LONGEST_TICK_MS);
/** Evidence in favour of harm from which a rollout pauses. */
export const WARNING_E = 10;
/** With two stages a canary is rolled back at so many times the evidence at which it retreats. */
export const SECOND_STAGE = 10;
/** Evidence in favour of health that certifies a canary. */
export const CERTIFICATE_E = { standard: 20, strict: 100 } as const;
