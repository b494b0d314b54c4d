/** Section F: evidence that the canary is healthy. */
import { logAddExp } from '../logmath.ts';
import { createShareLimit, feedLimit, type LimitTest } from './limits.ts';
import { FROM_THE_START, HEALTHY_GRID, logEOf, type Grid } from './mixture.ts';
import { createRatioTest, feedRatio, type PairedCounts, type RatioTest } from './ratio.ts';

/** A canary this many times as bad as the baseline must not be certified. */
export const TWICE = 2;
/** Shares of the acceptable error rate that a healthy canary may have. */
const ACCEPTABLE_GRID: Grid = { rho: [0.1, 0.25, 0.5], weights: [0.5, 0.25, 0.25] };
/** The part of the stake on the comparison with the baseline, where an error rate is acceptable in itself too. */
export const COMPARED = 0.8;

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
