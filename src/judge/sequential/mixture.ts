import { logAddExp } from '../logmath.ts';

/** Alternatives that a test bets on (ratios `rho`) and how the stake is split between them (weights sum to 1). */
export interface Grid {
  readonly rho: readonly number[];
  readonly weights: readonly number[];
}

/** Ratios of error rates. */
export const RATE_GRID: Grid = {
  rho: [1.25, 1.5, 2, 3, 5, 10, 20, 50],
  weights: [0.2, 0.2, 0.2, 0.12, 0.1, 0.08, 0.06, 0.04],
};
/** Ratios of the share of slow requests. */
export const LATENCY_GRID: Grid = {
  rho: [1.1, 1.25, 1.5, 2, 3, 5, 10],
  weights: [0.15, 0.2, 0.2, 0.2, 0.12, 0.08, 0.05],
};
/** Ratios that a healthy canary may have, for the certificate. */
export const HEALTHY_GRID: Grid = { rho: [0.5, 0.8, 1, 1.25, 1.6], weights: [0.1, 0.2, 0.4, 0.2, 0.1] };

/** Prior probability that the regression begins with the first tick, and with each later one. */
export interface Onset {
  readonly first: number;
  readonly later: number;
}

export const FROM_THE_START: Onset = { first: 1, later: 0 };

/** Half of the prior on the start, half spread evenly over the planned ticks. */
export const onsetWithin = (plannedTicks: number): Onset => ({
  first: 0.5 + 0.5 / plannedTicks,
  later: 0.5 / plannedTicks,
});

/**
 * One e-process: a mixture over a grid of alternatives and over the tick at which the regression began. Changed in place by its
 * owner.
 *
 * `A_k = ln of the evidence for alternative k, summed over the onsets so far with their prior`, is kept as `exponent_k + ln(factor_k)`:
 * a tick then costs one exponential an alternative, and no evidence is too large or too small to be kept.
 */
export interface Mixture {
  readonly grid: Grid;
  readonly onset: Onset;
  readonly weights: Float64Array;
  readonly factor: Float64Array;
  readonly exponent: Float64Array;
  /** Whether every exponent is 0, as it nearly always is. */
  plain: boolean;
  /** E, while the mixture is plain. */
  e: number;
  /** Prior probability of the onsets still to come. */
  unspent: number;
  started: boolean;
}

export const createMixture = (grid: Grid, onset: Onset): Mixture => ({
  grid,
  onset,
  weights: Float64Array.from(grid.weights),
  factor: new Float64Array(grid.rho.length),
  exponent: new Float64Array(grid.rho.length),
  plain: true,
  e: 1,
  unspent: 1,
  started: false,
});

/** What one tick does to each alternative. It may be fed to several mixtures over the same grid. */
export interface Step {
  readonly increment: Float64Array;
  /** e^increment. */
  readonly factor: Float64Array;
  length: number;
  /** The highest and the lowest increment, before any cap. */
  highest: number;
  lowest: number;
}

const LONGEST_GRID = 8;
const LARGEST_INCREMENT = 200;
/** Evidence over this goes through logarithms. */
const LARGEST_E = 1e100;
const SMALLEST_FACTOR = 1e-100;
/** An `A_k` of less than this, either way, needs no exponent. */
const WITHOUT_EXPONENT = 200;

export const createStep = (): Step => ({
  increment: new Float64Array(LONGEST_GRID),
  factor: new Float64Array(LONGEST_GRID),
  length: 0,
  highest: 0,
  lowest: 0,
});

/** `inc_k = x perX_k + y perY_k` */
export function setStep(step: Step, x: number, perX: Float64Array, y: number, perY: Float64Array): void {
  const { increment, factor } = step;
  let highest = 0;
  let lowest = 0;
  for (let k = 0; k < perX.length; k++) {
    const inc = x * (perX[k] as number) + y * (perY[k] as number);
    increment[k] = inc;
    factor[k] = Math.exp(inc);
    if (inc > highest) highest = inc;
    else if (inc < lowest) lowest = inc;
  }
  step.length = perX.length;
  step.highest = highest;
  step.lowest = lowest;
}

/**
 * One tick may say no more than this for any alternative, in nats. Events that come together are one event, and where that is rare no mean
 * of the past tells it: one burst is then as large as if nothing were tempered. Only evidence for an alternative is taken away, so that what
 * is left is an e-process still.
 */
export function capStep({ increment, factor, length, highest }: Step, most: number): void {
  if (highest <= most) return;
  for (let k = 0; k < length; k++) {
    if ((increment[k] as number) <= most) continue;
    increment[k] = most;
    factor[k] = Math.exp(most);
  }
}

/** Whether the factors are neither too large nor too small for numbers. */
const isUsual = ({ highest, lowest }: Step): boolean =>
  highest < LARGEST_INCREMENT && lowest > -LARGEST_INCREMENT;

/** Feeds one tick. The regression may begin with it: `A_k <- logaddexp(A_k, ln pi_t)`; then `A_k <- A_k + inc_k`. */
export function feedStep(mixture: Mixture, step: Step): void {
  const prior = takePrior(mixture);
  if (!(mixture.plain && isUsual(step) && mixture.e < LARGEST_E)) return feedLogarithms(mixture, step, prior);
  const { factor, weights } = mixture;
  let e = mixture.unspent;
  for (let k = 0; k < step.length; k++) {
    const fed = ((factor[k] as number) + prior) * (step.factor[k] as number);
    factor[k] = fed;
    e += (weights[k] as number) * fed;
  }
  mixture.e = e;
  // With a prior to each tick no evidence comes to nothing; without, it may.
  if (prior === 0) keepSmall(mixture);
}

function keepSmall(mixture: Mixture): void {
  const { factor, exponent } = mixture;
  for (let k = 0; k < factor.length; k++) {
    if ((factor[k] as number) > SMALLEST_FACTOR) continue;
    exponent[k] = Math.log(factor[k] as number);
    factor[k] = 1;
    mixture.plain = false;
  }
}

/** Prior probability that the regression begins with this tick. */
function takePrior(mixture: Mixture): number {
  const { onset, started, unspent } = mixture;
  const prior = Math.min(started ? onset.later : onset.first, unspent);
  mixture.started = true;
  mixture.unspent = unspent - prior;
  return prior;
}

function feedLogarithms(mixture: Mixture, step: Step, prior: number): void {
  const { factor, exponent } = mixture;
  mixture.plain = true;
  for (let k = 0; k < factor.length; k++) {
    const begun = logAddExp(logEvidenceOf(mixture, k), Math.log(prior));
    const logEvidence = begun + (step.increment[k] ?? 0);
    const small = Math.abs(logEvidence) < WITHOUT_EXPONENT;
    exponent[k] = small ? 0 : logEvidence;
    factor[k] = small ? Math.exp(logEvidence) : 1;
    mixture.plain &&= small;
  }
  if (mixture.plain) mixture.e = Math.exp(logSumOf(mixture));
}

/** `A_k` of alternative k. */
export const logEvidenceOf = ({ factor, exponent }: Mixture, k: number): number =>
  (exponent[k] ?? 0) + Math.log(factor[k] ?? 0);

/** `logE = logsumexp(ln w_k + A_k for all k, ln(1 - sum of pi so far))`; 0 before the first tick. */
export const logEOf = (mixture: Mixture): number => (mixture.plain ? Math.log(mixture.e) : logSumOf(mixture));

function logSumOf(mixture: Mixture): number {
  let logE = Math.log(mixture.unspent);
  for (let k = 0; k < mixture.weights.length; k++)
    logE = logAddExp(logE, Math.log(mixture.weights[k] ?? 0) + logEvidenceOf(mixture, k));
  return logE;
}
