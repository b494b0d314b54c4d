import { logAddExp } from './logmath.ts';

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
 * One e-process: a mixture over a grid of alternatives and over the tick at which the regression began.
 * Changed in place by its owner.
 */
export interface Mixture {
  readonly grid: Grid;
  readonly onset: Onset;
  /** A_k: ln of the evidence for alternative k, summed over the onsets so far with their prior. */
  readonly logEvidence: Float64Array;
  /** ln of the grid's weights. */
  readonly logWeights: Float64Array;
  /** Prior probability of the onsets still to come. */
  unspent: number;
  started: boolean;
}

export const createMixture = (grid: Grid, onset: Onset): Mixture => ({
  grid,
  onset,
  logEvidence: new Float64Array(grid.rho.length).fill(-Infinity),
  logWeights: Float64Array.from(grid.weights, Math.log),
  unspent: 1,
  started: false,
});

/** Lets the regression begin with this tick: `A_k <- logaddexp(A_k, ln pi_t)`. Comes before the tick's increments. */
export function openTick(mixture: Mixture): void {
  const prior = Math.min(mixture.started ? mixture.onset.later : mixture.onset.first, mixture.unspent);
  mixture.started = true;
  if (prior <= 0) return;
  mixture.unspent -= prior;
  const logPrior = Math.log(prior);
  const { logEvidence } = mixture;
  for (let k = 0; k < logEvidence.length; k++)
    logEvidence[k] = logAddExp(logEvidence[k] ?? -Infinity, logPrior);
}

/** Adds an increment to ln of the evidence for alternative k. */
export function addEvidence(mixture: Mixture, k: number, increment: number): void {
  mixture.logEvidence[k] = (mixture.logEvidence[k] ?? -Infinity) + increment;
}

/** `logE = logsumexp(ln w_k + A_k for all k, ln(1 - sum of pi so far))`; 0 before the first tick. */
export function logEOf(mixture: Mixture): number {
  const { logEvidence, logWeights } = mixture;
  const rest = Math.log(mixture.unspent);
  let largest = rest;
  for (let k = 0; k < logEvidence.length; k++)
    largest = Math.max(largest, (logWeights[k] ?? -Infinity) + (logEvidence[k] ?? -Infinity));
  let sum = Math.exp(rest - largest);
  for (let k = 0; k < logEvidence.length; k++)
    sum += Math.exp((logWeights[k] ?? -Infinity) + (logEvidence[k] ?? -Infinity) - largest);
  return largest + Math.log(sum);
}
