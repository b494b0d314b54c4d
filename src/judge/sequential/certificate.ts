/** Section F: evidence that the canary is healthy. */
import { logAddExp } from '../logmath.ts';
import { createShareLimit, feedLimit, type LimitTest } from './limits.ts';
import { capStep, createStep, feedStep, FROM_THE_START, HEALTHY_GRID, logEOf, type Grid } from './mixture.ts';
import { createRatioTest, setEvents, setShare, type PairedCounts, type RatioTest } from './ratio.ts';

/** A canary this many times as bad as the baseline must not be certified. */
export const TWICE = 2;
/** Shares of the acceptable error rate that a healthy canary may have. */
const ACCEPTABLE_GRID: Grid = { rho: [0.1, 0.25, 0.5], weights: [0.5, 0.25, 0.25] };
/** The part of the stake on the comparison with the baseline, where an error rate is acceptable in itself too. */
export const COMPARED = 0.8;

/** Errors of a tick are usual up to so many standard deviations above those expected, and so many more. */
const DEVIATIONS = 4;
const FEW = 2;
/** What one tick may say for a healthy canary at most, in nats: errors of the baseline come together too. */
const MOST_OF_HEALTH = 1;

/** Changed in place by its owner. */
export interface Certificate {
  /** The E at which it is held: it is wrong once in so many times. */
  readonly needed: number;
  readonly lessThanTwice: RatioTest;
  /** Where an error rate is acceptable in itself: evidence that the canary's is below it. */
  readonly acceptable: LimitTest | undefined;
  /** Of both arms in the ticks so far, unusual ones as far as they counted. */
  readonly usual: { requests: number; events: number };
  held: boolean;
}

export const createCertificate = (needed: number, acceptableErrorRate: number | undefined): Certificate => ({
  needed,
  lessThanTwice: createRatioTest(HEALTHY_GRID, TWICE, FROM_THE_START),
  acceptable:
    acceptableErrorRate === undefined
      ? undefined
      : createShareLimit(acceptableErrorRate, FROM_THE_START, ACCEPTABLE_GRID),
  usual: { requests: 0, events: 0 },
  held: false,
});

/**
 * Feeds one tick. The certificate is held from the first moment at which the evidence is enough, until a warning voids it. The evidence
 * goes on all the while: begun anew after each warning it would have a new chance to be wrong each time.
 * @param ticks that this one stands for: see `ticksIn`
 */
export function feedCertificate(
  certificate: Certificate,
  counts: PairedCounts,
  phi: number,
  ticks: number,
): void {
  feedCompared(certificate, counts, phi, ticks);
  if (certificate.acceptable !== undefined) {
    const { canaryEvents, canaryRequests } = counts;
    feedLimit(certificate.acceptable, canaryEvents, canaryRequests - canaryEvents, phi);
  }
  certificate.held ||= certificateLogE(certificate) >= Math.log(certificate.needed);
}

/** Room for the tick that is fed; nothing in it outlives a call. */
const STEP = createStep();

/** The test of section A; in an unusual tick what speaks for the canary counts for less, and what speaks against it for all. */
function feedCompared(certificate: Certificate, counts: PairedCounts, phi: number, ticks: number): void {
  const { canaryRequests, baselineRequests, canaryEvents, baselineEvents } = counts;
  if (canaryRequests === 0 || baselineRequests === 0) return;
  const { split, mixture } = certificate.lessThanTwice;
  setShare(split, canaryRequests / (canaryRequests + baselineRequests));
  setEvents(STEP, split, canaryEvents, baselineEvents, phi);
  const tempering = unusual(certificate, counts, phi);
  if (tempering > 1)
    for (let k = 0; k < STEP.length; k++) {
      const increment = STEP.increment[k] ?? 0;
      if (increment <= 0) continue;
      STEP.increment[k] = increment / tempering;
      STEP.factor[k] = Math.exp(increment / tempering);
    }
  capStep(STEP, MOST_OF_HEALTH * ticks);
  feedStep(mixture, STEP);
}

/**
 * What is tempered in a tick beside bursts, 1 where it has no more errors than are usual. An outage that both arms share makes their
 * rates equal however bad the canary is by itself: its seconds must not certify what minutes would not. This looks at the errors of
 * both arms together and at the past, never at whose they are, so that the evidence stays an e-process.
 */
function unusual({ usual }: Certificate, counts: PairedCounts, phi: number): number {
  const requests = counts.canaryRequests + counts.baselineRequests;
  const events = counts.canaryEvents + counts.baselineEvents;
  const expected = usual.requests === 0 ? events : (usual.events / usual.requests) * requests;
  const most = expected + DEVIATIONS * Math.sqrt(phi * expected) + FEW * phi;
  const tempering = Math.max(1, events / most) ** 2;
  usual.requests += requests;
  usual.events += events / tempering;
  return tempering;
}

/** The mean of both kinds of evidence, so that one error probability covers them. */
export function certificateLogE({ lessThanTwice, acceptable }: Certificate): number {
  const compared = logEOf(lessThanTwice.mixture);
  if (acceptable === undefined) return compared;
  return logAddExp(Math.log(COMPARED) + compared, Math.log(1 - COMPARED) + logEOf(acceptable.mixture));
}
