import { KAYENTA_SENSITIVITY, type MetricRule, type Sensitivity } from './metric.ts';

/** What the plain rules compare literally. Shares as fractions, times in ms, ratios canary / baseline. */
export interface Thresholds {
  /** Absolute ones hold only while the baseline itself keeps them. */
  readonly errorRate: number;
  readonly p95Ms: number;
  readonly p99Ms: number | null;
  /** Crashes per instance and minute. */
  readonly crashesPerMinute: number | null;
  /** Points of the error rate above the baseline's: 0.005 = half a percentage point. */
  readonly errorPoints: number;
  readonly errorRatio: number;
  /** Null where latency is not compared. */
  readonly p95Ratio: number | null;
  readonly p99Ratio: number | null;
}

/** Less than this says nothing. Counts of the canary. */
export interface Sample {
  readonly requests: number;
  readonly errors: number;
  /** Answers from which a quantile is taken. */
  readonly p95: number;
  readonly p99: number;
}

/** `fixed`: the thresholds over the last minutes. */
export const FIXED_SAMPLE: Sample = { requests: 100, errors: 5, p95: 200, p99: 1000 };

/**
 * `consecutive`: a check of the thresholds each interval, as Argo Rollouts and Flagger make them.
 *
 * | here                  | Argo Rollouts (metric)         | Flagger (analysis)                |
 * | --------------------- | ------------------------------ | --------------------------------- |
 * | `intervalMs`          | `interval`                     | `interval`                        |
 * | `failureLimit`        | `failureLimit` + 1             | `threshold`                       |
 * | `failures: 'in_all'`  | always                         | always                            |
 * | `missingLimit`        | `consecutiveErrorLimit` + 1    | none: a check without data fails  |
 * | `inconclusiveLimit`   | `inconclusiveLimit` + 1        | none                              |
 * | `passes`              | `count`                        | `iterations`, else one a weight   |
 *
 * Argo and Flagger count failures in all; counted `in_a_row` (the default), a success begins anew.
 */
export interface ConsecutiveSettings {
  /** So many failed checks are an issue. */
  readonly failureLimit: number;
  readonly failures: 'in_a_row' | 'in_all';
  /** So many checks in a row without data are a warning. */
  readonly missingLimit: number;
  /** So many checks in all with too small a sample are a warning. */
  readonly inconclusiveLimit: number;
  /** A step needs so many passed checks. */
  readonly passes: number;
  readonly sample: Sample;
}

export interface ComparedMetric extends MetricRule {
  readonly name: 'error-rate' | 'p50' | 'p95' | 'p99';
  readonly group: string;
}

/** `mann_whitney`: as Kayenta's NetflixACAJudge-v1.0. One value of each metric and arm an interval. */
export interface MannWhitneySettings extends Sensitivity {
  readonly metrics: readonly ComparedMetric[];
  /** Percent by group; groups without one share what is left of 100. */
  readonly groupWeights: Readonly<Record<string, number>>;
  /** Scores from `pass` on are ok, from `marginal` on a warning, below an issue. */
  readonly pass: number;
  readonly marginal: number;
  /** An analysis is made each time when so many more intervals are complete. */
  readonly intervalsPerAnalysis: number;
  /** It looks at so many of the latest intervals at most. */
  readonly lookback: number;
}

export interface PlainSettings {
  readonly intervalMs: number;
  readonly thresholds: Pick<Thresholds, 'errorPoints' | 'errorRatio'> & {
    readonly p95Ratio: number;
    readonly p99Ratio: number;
  };
  readonly consecutive: ConsecutiveSettings;
  readonly mannWhitney: MannWhitneySettings;
}

/** Where no limit is configured. */
export const DEFAULT_ERROR_RATE = 0.01;
export const DEFAULT_P95_MS = 2000;

const worseWhenHigher = (name: ComparedMetric['name'], group: string): ComparedMetric => ({
  name,
  group,
  direction: 'increase',
  critical: false,
  mustHaveData: false,
  nanStrategy: 'remove',
  effectSize: {
    measure: 'meanRatio',
    allowedIncrease: 1,
    allowedDecrease: 1,
    criticalIncrease: 1,
    criticalDecrease: 1,
  },
});

export const DEFAULT_PLAIN: PlainSettings = {
  intervalMs: 60_000,
  thresholds: { errorPoints: 0.005, errorRatio: 1.5, p95Ratio: 1.2, p99Ratio: 1.3 },
  consecutive: {
    failureLimit: 5,
    failures: 'in_a_row',
    missingLimit: 5,
    inconclusiveLimit: 5,
    passes: 1,
    sample: { requests: 20, errors: 1, p95: 20, p99: 100 },
  },
  mannWhitney: {
    ...KAYENTA_SENSITIVITY,
    metrics: [
      worseWhenHigher('error-rate', 'errors'),
      worseWhenHigher('p50', 'latency'),
      worseWhenHigher('p95', 'latency'),
      worseWhenHigher('p99', 'latency'),
    ],
    groupWeights: {},
    pass: 95,
    marginal: 75,
    intervalsPerAnalysis: 30,
    lookback: 240,
  },
};
