/** Section F: evidence that the canary is healthy. */
import { logAddExp } from '../logmath.ts';
import { createShareLimit, feedLimit, type LimitTest } from './limits.ts';
import { FROM_THE_START, HEALTHY_GRID, logEOf, logEvidenceOf, type Grid, type Mixture } from './mixture.ts';
import { createRatioTest, feedRatio, setShare, type PairedCounts, type RatioTest } from './ratio.ts';

/** A canary this many times as bad as the baseline must not be certified. */
const TWICE = 2;
/** Shares of the acceptable error rate that a healthy canary may have. */
const ACCEPTABLE_GRID: Grid = { rho: [0.1, 0.25, 0.5], weights: [0.5, 0.25, 0.25] };
/** The part of the stake on the comparison with the baseline, where an error rate is acceptable in itself too. */
const COMPARED = 0.8;

/** Changed in place by its owner. */
export interface Certificate {
  /** The E at which it is held: it is wrong once in so many times. */
  readonly needed: number;
  readonly lessThanTwice: RatioTest;
  /** Where an error rate is acceptable in itself: evidence that the canary's is below it. */
  readonly acceptable: LimitTest | undefined;
  held: boolean;
}

export const createCertificate = (needed: number, acceptableErrorRate: number | undefined): Certificate => ({
  needed,
  lessThanTwice: createRatioTest(HEALTHY_GRID, TWICE, FROM_THE_START),
  acceptable:
    acceptableErrorRate === undefined
      ? undefined
      : createShareLimit(acceptableErrorRate, FROM_THE_START, ACCEPTABLE_GRID),
  held: false,
});

/**
 * Feeds one tick. The certificate is held from the first moment at which the evidence is enough, until a warning voids it. The evidence
 * goes on all the while: begun anew after each warning it would have a new chance to be wrong each time.
 */
export function feedCertificate(certificate: Certificate, counts: PairedCounts, phi: number): void {
  feedRatio(certificate.lessThanTwice, counts, phi);
  if (certificate.acceptable !== undefined) {
    const { canaryEvents, canaryRequests } = counts;
    feedLimit(certificate.acceptable, canaryEvents, canaryRequests - canaryEvents, phi);
  }
  certificate.held ||= certificateLogE(certificate) >= Math.log(certificate.needed);
}

/** The mean of both kinds of evidence, so that one error probability covers them. */
export function certificateLogE({ lessThanTwice, acceptable }: Certificate): number {
  const compared = logEOf(lessThanTwice.mixture);
  if (acceptable === undefined) return compared;
  return logAddExp(Math.log(COMPARED) + compared, Math.log(1 - COMPARED) + logEOf(acceptable.mixture));
}

/** Traffic and errors of the present, which a prediction takes to go on. */
export interface Traffic {
  /** Requests per millisecond. */
  readonly canary: number;
  readonly baseline: number;
  /** Share of requests that fail on a healthy arm. */
  readonly errorRate: number;
}

/** ln of weight times evidence of an alternative now, and what it is expected to gain in a millisecond. */
interface Line {
  readonly start: number;
  readonly perMs: number;
}

/** Where no end is in sight within this time, none is predicted. */
const HORIZON_MS = 365 * 86_400_000;
/** The search ends with a step of less than this, in ms. */
const PRECISE_MS = 1;
const LONGEST_SEARCH = 60;

/**
 * Time until the certificate is held, should the canary be as healthy as the baseline and traffic stay as it is: as likely to be too long
 * as too short.
 *
 * The evidence then drifts upwards by its expected increments, and about that it varies. The time M at which the drift reaches the
 * level is a mean; of times that scatter with variation c about a mean M, half are below `M / sqrt(1 + c^2)` (log-normal; for a walk with
 * variance v over a distance a, `c^2 = v M / a^2`).
 * @returns ms; 0 when it is held; null when no end is in sight
 */
export function timeToCertificate(certificate: Certificate, traffic: Traffic, phi: number): number | null {
  if (certificate.held) return 0;
  if (traffic.canary === 0) return null;
  setShare(certificate.lessThanTwice.split, traffic.canary / (traffic.canary + traffic.baseline));
  const level = Math.log(certificate.needed);
  const mean = crossing(growthLines(certificate, traffic, phi), level);
  if (mean === null) return null;
  const distance = level - certificateLogE(certificate);
  const variation = (variancePerMs(certificate, traffic, phi) * mean) / distance ** 2;
  return Math.round(mean / Math.sqrt(1 + variation));
}

/** Of the evidence for "as healthy as the baseline". Errors vary phi times as much as independent ones, and each counts for 1/phi. */
function variancePerMs({ lessThanTwice: { split } }: Certificate, traffic: Traffic, phi: number): number {
  const equal = split.rho.indexOf(1);
  const onBaseline = -(split.shifts[equal] ?? 0);
  const onCanary = (split.logRatios[equal] ?? 0) + onBaseline;
  return (traffic.errorRate * (traffic.canary * onCanary ** 2 + traffic.baseline * onBaseline ** 2)) / phi;
}

/** When ln of the sum of e^line is `level`, by Newton's method from the far side: the sum is convex, so no step leaps over the crossing. */
function crossing(lines: readonly Line[], level: number): number | null {
  let ms = Infinity;
  for (const { start, perMs } of lines) if (perMs > 0) ms = Math.min(ms, (level - start) / perMs);
  if (!(ms < HORIZON_MS)) return null;
  for (let step = 0; step < LONGEST_SEARCH; step++) {
    let sum = 0;
    let slope = 0;
    for (const { start, perMs } of lines) {
      const part = Math.exp(start + ms * perMs - level);
      sum += part;
      slope += part * perMs;
    }
    const ahead = (Math.log(sum) * sum) / slope;
    if (!(ahead > PRECISE_MS)) break;
    ms -= ahead;
  }
  return Math.max(0, ms);
}

function growthLines(
  { lessThanTwice, acceptable }: Certificate,
  traffic: Traffic,
  phi: number,
): readonly Line[] {
  const { canary, baseline, errorRate } = traffic;
  const { split, mixture } = lessThanTwice;
  const requests = canary + baseline;
  const gain = (k: number) =>
    (requests * errorRate * (split.share * (split.logRatios[k] ?? 0) - (split.shifts[k] ?? 0))) / phi;
  if (acceptable === undefined) return linesOf(mixture, 1, gain);
  const { perEvent, perExposure } = acceptable;
  const gainBelow = (k: number) =>
    (canary * (errorRate * (perEvent[k] ?? 0) + (1 - errorRate) * (perExposure[k] ?? 0))) / phi;
  return [...linesOf(mixture, COMPARED, gain), ...linesOf(acceptable.mixture, 1 - COMPARED, gainBelow)];
}

const linesOf = (mixture: Mixture, stake: number, gain: (k: number) => number): Line[] =>
  mixture.grid.weights.map((weight, k) => ({
    start: Math.log(stake * weight) + (mixture.started ? logEvidenceOf(mixture, k) : 0),
    perMs: gain(k),
  }));
