/**
 * How long a canary warms up. An arm that starts cold answers more slowly (or fails more often) at first, and this falls with a time
 * constant: level(t) = usual + cold e^(-t / tau). What it does until 3 tau is left out of the evidence.
 */
import { LEAST_WARM_UP_MS } from '../settings.ts';
import type { Counts } from '../counts.ts';

const TIME_CONSTANTS = 3;
const LONGEST_WARM_UP_MS = 300_000;
/** Time constants that are tried, in seconds; the last makes the longest warm-up. */
const CANDIDATES_S = [10, 12, 15, 18, 22, 27, 33, 40, 50, 60, 72, 85, 100] as const;
/** A fall must be this many times its standard error, and this large, before it is believed. */
const CONVINCING = 3;
/** Of the mean bucket: 5% of latency. */
const SMALLEST_FALL_BUCKETS = 2.5;
/** Of the share of failing requests. */
const SMALLEST_FALL_SHARE = 0.005;
/** A canary's level is above the baseline's when it is so many standard errors above it. */
const ABOVE = 2.5;
/** That it will fall to the baseline's is given up when a level that stays above explains e^6 times better what was seen. */
const GIVEN_UP = 6;

/** Latency is compared for so long after the warm-up before nothing shown speaks for health. */
const LEAST_COMPARED_MS = 30_000;
/** The same for a canary that was slower at first. */
export const COMPARED_AFTER_SLOW_MS = 60_000;

/** Sums of a weighted regression of a level on e^(-t / tau), for each candidate tau. */
interface Fall {
  readonly smallest: number;
  weight: number;
  level: number;
  readonly x: Float64Array;
  readonly xx: Float64Array;
  readonly xLevel: Float64Array;
  /** Spread of single observations about the mean of their tick. */
  spread: number;
  freedom: number;
}

/** Changed in place by its owner. */
export interface WarmUp {
  /** From when on errors count: when they have fallen, where they were seen to. Epoch milliseconds. */
  errorsEndAt: number;
  /** From when on latency counts, too; no earlier. */
  endsAt: number;
  /**
   * Whether a cold start may still be the reason for which the canary is slower, whatever its shape: not each is a fall that can be told.
   * Never where the length is given.
   */
  mayBeCold: boolean;
  /**
   * Whether the canary answers more slowly than the baseline, and may yet fall to it: then nothing is made of its latency. With
   * little traffic a cold start would else be found guilty before its fall can be seen.
   */
  mayFall: boolean;
  /** Of the fall that was seen; null where none was, or where the length is given. */
  timeConstantMs: number | null;
  /** When the arm began to serve: with its first request. */
  startedAt: number;
  /** Both undefined where the length is given. */
  readonly latency: Fall | undefined;
  readonly errors: Fall | undefined;
}

const noFall = (smallest: number): Fall => ({
  smallest,
  weight: 0,
  level: 0,
  x: new Float64Array(CANDIDATES_S.length),
  xx: new Float64Array(CANDIDATES_S.length),
  xLevel: new Float64Array(CANDIDATES_S.length),
  spread: 0,
  freedom: 0,
});

export function createWarmUp(startedAt: number, length: number | 'auto'): WarmUp {
  const auto = length === 'auto';
  const endsAt = startedAt + (auto ? LEAST_WARM_UP_MS : length);
  return {
    startedAt,
    errorsEndAt: endsAt,
    endsAt,
    mayBeCold: auto,
    mayFall: false,
    timeConstantMs: null,
    latency: auto ? noFall(SMALLEST_FALL_BUCKETS) : undefined,
    errors: auto ? noFall(SMALLEST_FALL_SHARE) : undefined,
  };
}

/** The first requests come at `at` or right after: what was before was no warm-up. */
export function beginWarmUp(warmUp: WarmUp, at: number): void {
  warmUp.endsAt += at - warmUp.startedAt;
  warmUp.errorsEndAt += at - warmUp.startedAt;
  warmUp.startedAt = at;
  warmUp.mayBeCold = warmUp.latency !== undefined;
}

/** When a verdict need no longer wait for the warm-up, as far as is known: a fall to the baseline's level that is only possible is waited for longest. */
export const warmUpEnd = ({ endsAt, mayFall, startedAt }: WarmUp): number =>
  mayFall ? Math.max(endsAt, startedAt + LONGEST_WARM_UP_MS) : endsAt;

/** For how long latency must be compared before nothing shown speaks for health, where the length of the warm-up is found. */
export const leastCompared = ({ timeConstantMs }: WarmUp): number =>
  timeConstantMs === null ? LEAST_COMPARED_MS : COMPARED_AFTER_SLOW_MS;

interface Served {
  readonly requests: number;
  readonly errors: number;
  readonly latency: Counts;
}

/**
 * Learns from what both arms did between `from` and `at`: the canary's level is taken against the baseline's of the same time.
 * @param phi how much more slow answers, and errors, vary than independent ones would: an instance that pauses is no fall
 */
export function feedWarmUp(
  warmUp: WarmUp,
  canary: Served,
  baseline: Served,
  from: number,
  at: number,
  phi: { readonly latency: number; readonly errors: number },
): void {
  const { latency, errors, startedAt } = warmUp;
  if (latency === undefined || errors === undefined) return;
  if (at >= startedAt + LONGEST_WARM_UP_MS) {
    warmUp.mayFall = warmUp.mayBeCold = false;
    return;
  }
  const seconds = ((from + at) / 2 - startedAt) / 1000;
  feedFall(latency, bucketsOf(canary.latency), bucketsOf(baseline.latency), seconds);
  feedFall(errors, failuresOf(canary), failuresOf(baseline), seconds);
  const errorsTau = timeConstantOf(errors, phi.errors);
  const tau = Math.max(timeConstantOf(latency, phi.latency), errorsTau);
  warmUp.timeConstantMs = tau === 0 ? null : tau * 1000;
  warmUp.mayFall = mayFall(latency, phi.latency);
  warmUp.errorsEndAt = startedAt + lengthFor(errorsTau);
  warmUp.endsAt = startedAt + lengthFor(tau);
}

/** @param tau in seconds */
const lengthFor = (tau: number): number => Math.max(LEAST_WARM_UP_MS, TIME_CONSTANTS * tau * 1000);

/** Number, mean, and squared deviations from the mean of observations. */
interface Sample {
  readonly n: number;
  readonly mean: number;
  readonly spread: number;
}

/** Buckets are logarithms of latency. */
function bucketsOf({ pairs, length, total }: Counts): Sample {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < length; i += 2) {
    const bucket = pairs[i] ?? 0;
    const weighted = bucket * (pairs[i + 1] ?? 0);
    sum += weighted;
    squares += weighted * bucket;
  }
  const mean = total === 0 ? 0 : sum / total;
  return { n: total, mean, spread: squares - total * mean * mean };
}

function failuresOf({ requests, errors }: Served): Sample {
  const mean = requests === 0 ? 0 : errors / requests;
  return { n: requests, mean, spread: requests * mean * (1 - mean) };
}

function feedFall(fall: Fall, canary: Sample, baseline: Sample, seconds: number): void {
  if (canary.n === 0 || baseline.n === 0) return;
  const weight = 1 / (1 / canary.n + 1 / baseline.n);
  const level = canary.mean - baseline.mean;
  fall.weight += weight;
  fall.level += weight * level;
  fall.spread += canary.spread + baseline.spread;
  fall.freedom += canary.n + baseline.n - 2;
  for (let k = 0; k < CANDIDATES_S.length; k++) {
    const x = Math.exp(-seconds / (CANDIDATES_S[k] ?? 1));
    fall.x[k] = (fall.x[k] ?? 0) + weight * x;
    fall.xx[k] = (fall.xx[k] ?? 0) + weight * x * x;
    fall.xLevel[k] = (fall.xLevel[k] ?? 0) + weight * x * level;
  }
}

/** The candidate that explains the level best, in seconds; 0 where no fall is convincing. */
function timeConstantOf(
  { smallest, weight, level, x, xx, xLevel, spread, freedom }: Fall,
  phi: number,
): number {
  if (freedom <= 0 || spread <= 0) return 0;
  let best = CONVINCING * Math.sqrt((phi * spread) / freedom);
  let found = 0;
  for (let k = 0; k < CANDIDATES_S.length; k++) {
    const meanX = (x[k] ?? 0) / weight;
    const variation = (xx[k] ?? 0) - (x[k] ?? 0) * meanX;
    const covariation = (xLevel[k] ?? 0) - level * meanX;
    if (variation <= 0 || covariation < smallest * variation) continue;
    const strength = covariation / Math.sqrt(variation);
    if (strength < best) continue;
    best = strength;
    found = CANDIDATES_S[k] ?? 0;
  }
  return found;
}

/** Whether the level is above 0, and one that falls to 0 has not been told from one that stays, or that falls and stays above. */
function mayFall({ smallest, weight, level, x, xx, xLevel, spread, freedom }: Fall, phi: number): boolean {
  if (freedom <= 0 || spread <= 0 || level < smallest * weight) return false;
  const variance = (phi * spread) / freedom;
  const staying = (level * level) / weight;
  if (staying < ABOVE * ABOVE * variance) return false;
  let falling = 0;
  let above = staying;
  for (let k = 0; k < CANDIDATES_S.length; k++) {
    const explained = xLevel[k] ?? 0;
    falling = Math.max(falling, (explained * explained) / (xx[k] ?? 1));
    const meanX = (x[k] ?? 0) / weight;
    const variation = (xx[k] ?? 0) - (x[k] ?? 0) * meanX;
    const covariation = explained - level * meanX;
    if (variation <= 0 || covariation <= 0) continue;
    const rest = level - (covariation / variation) * (x[k] ?? 0);
    if (rest > smallest * weight) above = Math.max(above, staying + (covariation * covariation) / variation);
  }
  return above - falling < 2 * variance * GIVEN_UP;
}
