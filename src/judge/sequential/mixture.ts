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
  /** Prior probability of the onsets still to come. */
  unspent: number;
  started: boolean;
}

/** Factors and increments outside of these go through logarithms. */
const LARGEST_FACTOR = 1e150;
const SMALLEST_FACTOR = 1e-150;
const LARGEST_INCREMENT = 200;
/** An `A_k` of less than this, either way, needs no exponent. */
const WITHOUT_EXPONENT = 300;

export const createMixture = (grid: Grid, onset: Onset): Mixture => ({
  grid,
  onset,
  weights: Float64Array.from(grid.weights),
  factor: new Float64Array(grid.rho.length),
  exponent: new Float64Array(grid.rho.length),
  plain: true,
  unspent: 1,
  started: false,
});

/** `A_k` of alternative k. */
export const logEvidenceOf = ({ factor, exponent }: Mixture, k: number): number =>
  (exponent[k] ?? 0) + Math.log(factor[k] ?? 0);

/** Lets the regression begin with this tick: `A_k <- logaddexp(A_k, ln pi_t)`. Comes before the tick's increments. */
export function openTick(mixture: Mixture): void {
  const prior = Math.min(mixture.started ? mixture.onset.later : mixture.onset.first, mixture.unspent);
  mixture.started = true;
  if (prior <= 0) return;
  mixture.unspent -= prior;
  const { factor, exponent } = mixture;
  for (let k = 0; k < factor.length; k++)
    if (exponent[k] === 0) factor[k] = (factor[k] ?? 0) + prior;
    else setLogEvidence(mixture, k, logAddExp(logEvidenceOf(mixture, k), Math.log(prior)));
}

/** Adds an increment to `A_k`. */
export function addEvidence(mixture: Mixture, k: number, increment: number): void {
  if (increment > -LARGEST_INCREMENT && increment < LARGEST_INCREMENT) {
    const factor = (mixture.factor[k] ?? 0) * Math.exp(increment);
    if (factor > SMALLEST_FACTOR && factor < LARGEST_FACTOR) {
      mixture.factor[k] = factor;
      return;
    }
  }
  setLogEvidence(mixture, k, logEvidenceOf(mixture, k) + increment);
}

function setLogEvidence(mixture: Mixture, k: number, logEvidence: number): void {
  const small = Math.abs(logEvidence) < WITHOUT_EXPONENT;
  mixture.exponent[k] = small ? 0 : logEvidence;
  mixture.factor[k] = small ? Math.exp(logEvidence) : 1;
  mixture.plain = mixture.exponent.every((exponent) => exponent === 0);
}

/** `logE = logsumexp(ln w_k + A_k for all k, ln(1 - sum of pi so far))`; 0 before the first tick. */
export function logEOf(mixture: Mixture): number {
  const { weights, factor, plain, unspent } = mixture;
  if (!plain) return logSumOf(mixture);
  let sum = unspent;
  for (let k = 0; k < weights.length; k++) sum += (weights[k] ?? 0) * (factor[k] ?? 0);
  return Math.log(sum);
}

function logSumOf(mixture: Mixture): number {
  const { weights } = mixture;
  let logE = Math.log(mixture.unspent);
  for (let k = 0; k < weights.length; k++)
    logE = logAddExp(logE, Math.log(weights[k] ?? 0) + logEvidenceOf(mixture, k));
  return logE;
}
