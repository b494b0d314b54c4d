import { rankSum, sorted } from './rank-sum.ts';
import { shiftBetween, type Shift } from './shift.ts';

// One metric of a canary against a baseline, as Kayenta's NetflixACAJudge-v1.0 classifies it (MannWhitneyClassifier.scala).

export type Classification = 'pass' | 'high' | 'low' | 'nodata' | 'nodata-fail';

/** How one metric is classified. The names are those of a Kayenta canary configuration. */
export interface MetricRule {
  /** Which way is worse; a change the other way passes. */
  readonly direction: 'increase' | 'decrease' | 'either';
  /** Its failure, or its want of data, fails the canary whatever the others say. */
  readonly critical: boolean;
  /** Want of data fails the metric, not the canary. */
  readonly mustHaveData: boolean;
  /** What becomes of a NaN: it is left out, or counts as 0. */
  readonly nanStrategy: 'remove' | 'replace';
  readonly effectSize: {
    readonly measure: 'meanRatio' | 'cles';
    /** A change smaller than these passes; Kayenta's default is none: 1 for meanRatio, 0.5 for cles. */
    readonly allowedIncrease: number;
    readonly allowedDecrease: number;
    /** A critical metric fails the canary only with a change larger than these. */
    readonly criticalIncrease: number;
    readonly criticalDecrease: number;
  };
}

/** Part of the Hodges-Lehmann shift that the confidence interval must clear, and the interval's confidence. */
export interface Sensitivity {
  readonly tolerance: number;
  readonly confidence: number;
}

export const KAYENTA_SENSITIVITY: Sensitivity = { tolerance: 0.25, confidence: 0.98 };

export interface Classified {
  readonly classification: Classification;
  readonly critical: boolean;
  /** Mean of the canary's values / mean of the baseline's; null where one of them is 0 or there is no data. */
  readonly ratio: number | null;
  /** Null where no comparison was needed. */
  readonly shift: Shift | null;
}

/**
 * Classifies the canary's values against the baseline's.
 *
 * high = the lower end of the shift's confidence interval is above `tolerance * |shift|`, and the effect is at least the allowed
 * increase; low likewise. An effect that cannot be computed is not asked for. Identical samples pass. Where each sample is one
 * constant, Kayenta adds a little noise so that its test can be computed; the limit of that, a shift without spread, is used here.
 */
export function classify(
  canaryValues: readonly number[],
  baselineValues: readonly number[],
  rule: MetricRule,
  { tolerance, confidence }: Sensitivity,
): Classified {
  const canary = withoutNaN(canaryValues, rule);
  const baseline = withoutNaN(baselineValues, rule);
  if (canary.length === 0 || baseline.length === 0) return withoutData(rule);
  if (sameValues(canary, baseline)) return { ...PASSED, ratio: 1 };
  const shift = constant(canary, baseline)
    ? exactShift((canary[0] ?? 0) - (baseline[0] ?? 0))
    : shiftBetween(canary, baseline, confidence);
  const { measure, ...effects } = rule.effectSize;
  const ratio = meanRatio(canary, baseline);
  const effect = measure === 'cles' ? commonLanguageEffect(canary, baseline) : ratio;
  const margin = tolerance * Math.abs(shift.estimate);
  const atLeast = (increase: number) => effect === null || effect >= increase;
  const atMost = (decrease: number) => effect === null || effect <= decrease;
  const high = rule.direction !== 'decrease' && shift.lower > margin && atLeast(effects.allowedIncrease);
  const low = rule.direction !== 'increase' && shift.upper < -margin && atMost(effects.allowedDecrease);
  const critical =
    rule.critical &&
    ((high && atLeast(effects.criticalIncrease)) || (!high && low && atMost(effects.criticalDecrease)));
  return { classification: high ? 'high' : low ? 'low' : 'pass', critical, ratio, shift };
}

const PASSED: Classified = { classification: 'pass', critical: false, ratio: null, shift: null };

/** Kayenta's table for a metric that one arm has no values of. */
function withoutData({ nanStrategy, critical, mustHaveData }: MetricRule): Classified {
  if (nanStrategy === 'replace') return PASSED;
  const classification = mustHaveData && !critical ? 'nodata-fail' : 'nodata';
  return { ...PASSED, classification, critical };
}

function withoutNaN(values: readonly number[], { nanStrategy }: MetricRule): readonly number[] {
  return nanStrategy === 'remove'
    ? values.filter((value) => !Number.isNaN(value))
    : values.map((value) => (Number.isNaN(value) ? 0 : value));
}

function sameValues(a: readonly number[], b: readonly number[]): boolean {
  const others = sorted(b);
  return a.length === b.length && sorted(a).every((value, i) => value === others[i]);
}

const constant = (a: readonly number[], b: readonly number[]): boolean =>
  new Set(a).size === 1 && new Set(b).size === 1;

const exactShift = (by: number): Shift => ({ estimate: by, lower: by, upper: by });

/** @returns null where a mean is 0 */
export function meanRatio(canary: readonly number[], baseline: readonly number[]): number | null {
  const [above, below] = [mean(canary), mean(baseline)];
  return above === 0 || below === 0 ? null : above / below;
}

/** P(a canary's value is larger than a baseline's), equal values counting half (Vargha and Delaney 2000). */
export const commonLanguageEffect = (canary: readonly number[], baseline: readonly number[]): number =>
  rankSum(sorted(canary), sorted(baseline)).u / (canary.length * baseline.length);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
