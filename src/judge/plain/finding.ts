import type { ComparedFigures } from './intervals.ts';
import type { ConsecutiveSettings, MannWhitneySettings, Sample, Thresholds } from './settings.ts';

export type PlainRule =
  | 'threshold'
  | 'failed-checks'
  | 'missing-checks'
  | 'inconclusive-checks'
  | 'checks'
  | 'small-sample'
  | 'mann-whitney'
  | 'marginal-score'
  | 'metrics-without-data'
  | 'analysis'
  | 'healthy';

/** Which rule fired, and its figures in a sentence. */
export interface PlainFinding {
  readonly verdict: 'ok' | 'warning' | 'issue' | 'undecided';
  readonly rule: PlainRule;
  readonly reason: string;
}

/** Everything that a plain rule's verdict is made of, as plain data. */
export interface PlainEvidence {
  readonly thresholds: Thresholds;
  readonly sample: Sample;
  /** The last minutes. */
  readonly window: ComparedFigures;
  readonly consecutive: ConsecutiveEvidence | null;
  readonly mannWhitney: MannWhitneyEvidence | null;
}

export interface ConsecutiveEvidence {
  readonly settings: ConsecutiveSettings;
  /** The latest intervals, in order of time: as many as any of the limits asks for. */
  readonly recent: readonly ComparedFigures[];
  /** Since the start. */
  readonly failedInAll: number;
  readonly inconclusiveInAll: number;
}

export interface MannWhitneyEvidence {
  readonly settings: MannWhitneySettings;
  /** Complete intervals so far. */
  readonly intervals: number;
  /** The latest analysis: when, and the values of each metric, one an interval; null = no data in it. */
  readonly analysis: {
    readonly at: number;
    readonly canary: ReadonlyArray<readonly (number | null)[]>;
    readonly baseline: ReadonlyArray<readonly (number | null)[]>;
  } | null;
}

/** The step that is judged. */
export interface PlainContext {
  readonly stepStartedAt: number;
  /** Whether a baseline serves beside the canary; without one only absolute thresholds speak. */
  readonly concurrentBaseline: boolean;
}
