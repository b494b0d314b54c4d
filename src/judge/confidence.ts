import { logBeta } from './log-gamma.ts';
import { logSumExp } from './logmath.ts';
import type { PairedCounts } from './sequential/ratio.ts';

/** A range of values that the data do not contradict. `high` is Infinity where nothing bounds it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How often a sequence of intervals may, at any moment of its life, leave out the true value. */
export const CONFIDENCE_ALPHA = 0.05;

/** The prior on a rate: Jeffreys', which serves small rates well. */
const PRIOR = 0.5;
/** Halvings of a range from 0 to 1; what remains is below the precision of a rate that is shown. */
const HALVINGS = 60;

/**
 * A confidence sequence for the probability of an event: with probability 1 - alpha the intervals of all moments hold the true value,
 * however often one looks. It inverts the mixture martingale of Robbins (Annals of Mathematical Statistics 41, 1970; see Howard,
 * Ramdas, McAuliffe and Sekhon, Annals of Statistics 49, 2021):
 *
 *     E(p) = B(1/2 + x, 1/2 + n - x) / B(1/2, 1/2) / (p^x (1 - p)^(n - x)),   the interval = { p : E(p) < 1 / alpha }
 *
 * Where events vary phi times as much as independent ones would, x and n are divided by phi, as the judge divides its evidence.
 * It is of one probability: where the true rate moves, it is of no single moment's.
 * @param events x, at most `of`
 * @param of n, from 0
 * @param phi at least 1
 */
export function rateInterval(events: number, of: number, phi = 1, alpha = CONFIDENCE_ALPHA): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const hits = events / phi;
  const misses = (of - events) / phi;
  const least = logBeta(PRIOR + hits, PRIOR + misses) - logBeta(PRIOR, PRIOR) + Math.log(alpha);
  const holds = (p: number) => times(hits, Math.log(p)) + times(misses, Math.log1p(-p)) > least;
  const seen = events / of;
  return {
    low: events === 0 ? 0 : edge(0, seen, holds),
    high: events === of ? 1 : edge(1, seen, holds),
  };
}

/** 0 times the logarithm of 0 is 0 here: what did not happen says nothing. */
const times = (count: number, log: number): number => (count === 0 ? 0 : count * log);

/** The end, on the side of `outside`, of the range around `inside` in which `holds` is true; not inside that range itself. */
function edge(outside: number, inside: number, holds: (p: number) => boolean): number {
  let out = outside;
  let within = inside;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (out + within) / 2;
    if (holds(middle)) within = middle;
    else out = middle;
  }
  return out;
}

/** Ratios from 1/64 to 64, twelve to a doubling. */
const STEPS = 12;
const DOUBLINGS = 6;
const LOG_RATIOS = Float64Array.from(
  { length: 2 * STEPS * DOUBLINGS + 1 },
  (_, i) => ((i - STEPS * DOUBLINGS) * Math.LN2) / STEPS,
);
/** ln of each alternative's part of the stake: a Cauchy density of the ratio's logarithm, half of it within a doubling. */
const LOG_WEIGHTS = logWeights();

function logWeights(): Float64Array {
  const weights = LOG_RATIOS.map((u) => 1 / (1 + (u / Math.LN2) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => Math.log(weight / total));
}

/** What is known about the ratio of two rates. Changed in place by its owner. */
export interface RatioSequence {
  /** ln of the likelihood of each ratio of the grid, tempered. */
  readonly logLikelihood: Float64Array;
}

export const createRatioSequence = (): RatioSequence => ({
  logLikelihood: new Float64Array(LOG_RATIOS.length),
});

/**
 * Adds one tick: the judge's own increments (see `feedRatio`), for every ratio of a grid at once.
 * @param phi how much more the events vary than independent ones would
 */
export function feedRatioSequence({ logLikelihood }: RatioSequence, counts: PairedCounts, phi: number): void {
  const { canaryRequests, baselineRequests, canaryEvents, baselineEvents } = counts;
  const events = canaryEvents + baselineEvents;
  if (canaryRequests === 0 || baselineRequests === 0 || events === 0) return;
  const share = canaryRequests / (canaryRequests + baselineRequests);
  for (let k = 0; k < logLikelihood.length; k++) {
    const logRatio = LOG_RATIOS[k] ?? 0;
    const gain = canaryEvents * logRatio - events * Math.log1p(share * Math.expm1(logRatio));
    logLikelihood[k] = (logLikelihood[k] ?? 0) + gain / phi;
  }
}

/**
 * A confidence sequence for the ratio canary / baseline: the ratios `rho0` that the judge's test of section A would not reject, were
 * they its null hypothesis and a mixture over all ratios of the grid its alternative:
 *
 *     ln E(rho0) = ln sum_k w_k exp(l(rho_k)) - l(rho0),   the interval = { rho0 : E(rho0) < 1 / alpha }
 *
 * `l` is concave in ln rho0, so that this is one interval; its ends are the nearest ratios of the grid that are rejected.
 * Drift that both arms share and changes of the split do it no harm.
 */
export function ratioInterval({ logLikelihood }: RatioSequence, alpha = CONFIDENCE_ALPHA): Interval {
  const mixture = logSumExp(Array.from(logLikelihood, (value, k) => value + (LOG_WEIGHTS[k] ?? -Infinity)));
  const least = mixture + Math.log(alpha);
  const kept = (value: number) => value > least;
  const below = logLikelihood.findIndex(kept) - 1;
  const above = logLikelihood.findLastIndex(kept) + 1;
  return {
    low: below < 0 ? 0 : Math.exp(LOG_RATIOS[below] ?? 0),
    high: above >= LOG_RATIOS.length ? Infinity : Math.exp(LOG_RATIOS[above] ?? 0),
  };
}
