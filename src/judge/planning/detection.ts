import { normalCdf } from '../plain/normal.ts';
import { logEOf, RATE_GRID } from '../sequential/mixture.ts';
import { createRatioTest, feedRatio } from '../sequential/ratio.ts';
import { firstPassage } from './walk.ts';

/** What one step's evidence grows from. */
export interface Stream {
  /** Of both arms together. */
  readonly requestsPerSecond: number;
  /** The canary's part of them, between 0 and 1. */
  readonly share: number;
  /** The baseline's share of failing requests, above 0. */
  readonly errorRate: number;
  /** How much more errors vary than independent ones would; evidence is divided by it. */
  readonly phi: number;
  /** E of the error ratio from which harm is shown. */
  readonly needed: number;
}

/** How long a regression takes to be found, from the first request that is compared. Requests are the canary's. */
export interface Detection {
  readonly medianMs: number;
  readonly p90Ms: number;
  readonly medianRequests: number;
  readonly p90Requests: number;
}

/** How long a regression of this ratio takes at this share. */
export type Detect = (share: number, ratio: number) => Detection | null;

/** Prior of a regression that is there from the start. What the judge keeps for later ones only adds to the evidence. */
const FROM_THE_START = 0.5;
/** The walk is looked at so often, as far as its median lies by the expected growth. */
const LOOKS = 250;
/** It is followed to so many times the expected time. */
const FARTHEST = 8;

/**
 * The distribution of the time at which the judge's evidence (section A: error ratio, mixture over `RATE_GRID`) first reaches `needed`,
 * when the canary fails `ratio` times as often as the baseline.
 *
 * Evidence depends on two counts alone, the errors T of both arms and those C of the canary:
 *
 *     E(C, T) = 0.5 sum_k w_k exp( [ C ln rho_k - T ln(1 + s (rho_k - 1)) ] / phi )
 *
 * Each error is the canary's with probability `q = s r / (1 + s (r - 1))`, so C is a random walk and the first T at which E is enough is
 * found exactly, by going through the counts. Errors come as a Poisson stream of rate `R p (1 + s (r - 1))`, which makes a time of it.
 * @returns null where the evidence is not expected to grow, or too slowly for ten years
 */
export function detectionOf(stream: Stream, ratio: number): Detection | null {
  const { requestsPerSecond, share, errorRate } = stream;
  const errorsPerMs = (requestsPerSecond * errorRate * (1 + share * (ratio - 1))) / 1000;
  const expected = expectedErrors(stream, ratio);
  if (expected === null || !(expected / errorsPerMs < 10 * 365 * 86_400_000)) return null;
  const reached = passagesOf(stream, ratio, expected);
  const at = (p: number) => timeOf(reached, p) / errorsPerMs;
  const [medianMs, p90Ms] = [at(0.5), at(0.9)];
  const requests = (ms: number) => (ms / 1000) * requestsPerSecond * share;
  return { medianMs, p90Ms, medianRequests: requests(medianMs), p90Requests: requests(p90Ms) };
}

/** Canary requests until the evidence is enough if it grows as expected: quick, and within a fifth of the median. Null: it does not grow. */
export function expectedRequests(stream: Stream, ratio: number): number | null {
  const errors = expectedErrors(stream, ratio);
  const { share, errorRate } = stream;
  return errors === null ? null : (errors * share) / (errorRate * (1 + share * (ratio - 1)));
}

const canaryPart = (share: number, ratio: number) => (share * ratio) / (1 + share * (ratio - 1));

/** Errors of both arms until the best alternative's expected gain is enough. */
function expectedErrors({ share, phi, needed }: Stream, ratio: number): number | null {
  const q = canaryPart(share, ratio);
  let least = Infinity;
  RATE_GRID.rho.forEach((rho, k) => {
    const gain = (q * Math.log(rho) - Math.log1p(share * (rho - 1))) / phi;
    const missing = Math.log(needed / (FROM_THE_START * (RATE_GRID.weights[k] ?? 0)));
    if (gain > 0) least = Math.min(least, missing / gain);
  });
  return least === Infinity ? null : least;
}

interface Passage {
  /** Errors so far, and the probability that the evidence was enough with these and not before. */
  readonly errors: number;
  readonly probability: number;
}

function passagesOf(stream: Stream, ratio: number, expected: number): Passage[] {
  const batch = Math.max(1, Math.ceil(expected / LOOKS));
  const step = binomial(batch, canaryPart(stream.share, ratio));
  let enough = 0;
  const ends = (look: number) => {
    while (logE(stream, enough, look * batch) < Math.log(stream.needed)) enough++;
    return { from: enough, until: Infinity };
  };
  const reached = firstPassage(step, Math.ceil((expected * FARTHEST) / batch), ends);
  return reached.map((probability, i) => ({ errors: (i + 1) * batch, probability }));
}

/** The shipped test's evidence after so many errors, as if they had come at once: at a constant share that makes no difference. */
function logE({ share, phi }: Stream, canary: number, errors: number): number {
  const test = createRatioTest(RATE_GRID, 1, { first: FROM_THE_START, later: 0 });
  const events = { canaryEvents: canary, baselineEvents: errors - canary };
  feedRatio(test, { canaryRequests: share, baselineRequests: 1 - share, ...events }, phi);
  return logEOf(test.mixture);
}

/** P(k of n) for k = 0 .. n, without a tail that is lost in rounding. */
function binomial(n: number, p: number): number[] {
  const chances = [(1 - p) ** n];
  for (let k = 1; k <= n; k++) {
    const chance = ((chances[k - 1] ?? 0) * (n - k + 1) * p) / (k * (1 - p));
    if (chance < 1e-14 && k > n * p) break;
    chances.push(chance);
  }
  return chances;
}

/** The time, in expected errors, by which the evidence was enough with probability `p`: a mixture of gamma distributions. */
function timeOf(passages: readonly Passage[], p: number): number {
  const by = (time: number) =>
    passages.reduce((sum, { errors, probability }) => sum + probability * gammaCdf(errors, time), 0);
  let low = 0;
  let high = 2 * (passages.at(-1)?.errors ?? 0) + 20;
  while (high - low > high * 1e-4) {
    const middle = (low + high) / 2;
    if (by(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** P(the n-th event of a Poisson stream of rate 1 comes before `time`), by Wilson and Hilferty's approximation. */
function gammaCdf(n: number, time: number): number {
  const z = 3 * Math.sqrt(n) * (Math.cbrt(time / n) - 1 + 1 / (9 * n));
  if (Math.abs(z) > CERTAIN) return z > 0 ? 1 : 0;
  return normalCdf(z);
}

/** Standard deviations beyond which a probability is 0 or 1 for a prediction. */
const CERTAIN = 5;
