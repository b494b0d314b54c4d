/** The effect that evidence must come with, seen over the last `windowMs`, before it counts as harm. Ratios canary / baseline. */
export interface EffectGates {
  readonly errorRatio: number;
  readonly p95Ratio: number;
  readonly p99Ratio: number;
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

export interface JudgeSettings {
  /** Probability of a false `issue` for the comparison with the baseline, over the whole rollout. */
  readonly alpha: number;
  /** Whether latency is compared. Limits on latency are tested either way. */
  readonly latency: boolean;
  readonly limits: Limits;
  readonly gates: EffectGates;
  /** Ticks that the rollout is planned to take, over which the onset of a regression is spread. */
  readonly plannedTicks: number;
  /** The start of the canary's life that is left out of the evidence; a dead release and crashes count from the start. */
  readonly warmUpMs: number;
  /** Effects and thresholds of latency are taken over this time. */
  readonly windowMs: number;
  /**
   * A share of failing requests that is good enough whatever the baseline's is. With it a canary is also certified by being shown to
   * fail less often than this; without it a service whose two arms never fail cannot be certified, since there is nothing to compare.
   */
  readonly acceptableErrorRate?: number;
  /** How much more errors vary than independent ones would; all evidence on requests is divided by it. */
  readonly phi: number;
}

export const DEFAULT_SETTINGS: JudgeSettings = {
  alpha: 0.01,
  latency: true,
  limits: {},
  gates: DEFAULT_GATES,
  plannedTicks: 1800,
  warmUpMs: 30_000,
  windowMs: 300_000,
  phi: 1,
};

/** Evidence in favour of harm from which a rollout pauses. */
export const WARNING_E = 10;
/** Evidence in favour of health that certifies a canary. */
export const CERTIFICATE_E = 20;
