import { createShareLimit, feedLimit, type LimitTest } from './limits.ts';
import { logMeanE, logSumExp } from './logmath.ts';
import { FROM_THE_START, HEALTHY_GRID, logEOf, type Grid, type Mixture } from './mixture.ts';
import { createRatioTest, feedRatio, type PairedCounts, type RatioTest } from './ratio.ts';
import { CERTIFICATE_E } from './settings.ts';

/** A canary this many times as bad as the baseline must not be certified. */
const TWICE = 2;
/** Shares of the acceptable error rate that a healthy canary may have. */
const ACCEPTABLE_GRID: Grid = { rho: [0.1, 0.25, 0.5], weights: [0.5, 0.25, 0.25] };
/** Where no end is in sight within this time, none is predicted. */
const HORIZON_MS = 365 * 86_400_000;

/** Evidence that the canary is healthy. Changed in place by its owner. */
export interface Certificate {
  readonly lessThanTwice: RatioTest;
  /** Where an error rate is acceptable in itself: evidence that the canary's is below it. */
  readonly acceptable: { readonly rate: number; readonly test: LimitTest } | undefined;
  held: boolean;
}

/** Traffic and errors of the present, which a prediction takes to go on. */
export interface Traffic {
  /** Requests per millisecond. */
  readonly canary: number;
  readonly baseline: number;
  /** Share of requests that fail on a healthy arm. */
  readonly errorRate: number;
}

export const createCertificate = (acceptableErrorRate: number | undefined): Certificate => ({
  lessThanTwice: createRatioTest(HEALTHY_GRID, TWICE, FROM_THE_START),
  acceptable:
    acceptableErrorRate === undefined
      ? undefined
      : {
          rate: acceptableErrorRate,
          test: createShareLimit(acceptableErrorRate, FROM_THE_START, ACCEPTABLE_GRID),
        },
  held: false,
});

/**
 * Feeds one tick. The certificate is held from the first moment at which E >= 20, until a warning voids it. Its evidence goes on all the
 * while: begun anew after each warning it would have a new chance to be wrong each time.
 */
export function feedCertificate(certificate: Certificate, counts: PairedCounts, phi: number): void {
  feedRatio(certificate.lessThanTwice, counts, phi);
  if (certificate.acceptable !== undefined) {
    const { canaryEvents, canaryRequests } = counts;
    feedLimit(certificate.acceptable.test, canaryEvents, canaryRequests - canaryEvents, phi);
  }
  certificate.held ||= certificateLogE(certificate) >= Math.log(CERTIFICATE_E);
}

/** The mean of both kinds of evidence, so that one error probability covers them. */
export const certificateLogE = ({ lessThanTwice, acceptable }: Certificate): number =>
  logMeanE([
    { weight: 1, logE: logEOf(lessThanTwice.mixture) },
    { weight: 1, logE: acceptable === undefined ? null : logEOf(acceptable.test.mixture) },
  ]);

/**
 * Time until the certificate is held, should the canary be as healthy as the baseline and traffic stay as it is: the evidence then
 * grows by its expected increments. A prediction, exact only on average.
 * @returns ms; 0 when it is held; null when no end is in sight
 */
export function timeToCertificate(certificate: Certificate, traffic: Traffic, phi: number): number | null {
  if (certificate.held) return 0;
  if (traffic.canary === 0) return null;
  const lines = growthLines(certificate, traffic, phi);
  const enough = (ms: number) =>
    logSumExp(lines.map(({ start, perMs }) => start + ms * perMs)) >= Math.log(CERTIFICATE_E);
  let high = 1000;
  while (!enough(high)) {
    high *= 2;
    if (high > HORIZON_MS) return null;
  }
  let low = 0;
  while (high - low > Math.max(100, high / 1000)) {
    const middle = (low + high) / 2;
    if (enough(middle)) high = middle;
    else low = middle;
  }
  return Math.round(high);
}

/** ln of weight times evidence of each alternative now, and what it is expected to gain in a millisecond. */
function growthLines({ lessThanTwice, acceptable }: Certificate, traffic: Traffic, phi: number) {
  const { canary, baseline, errorRate } = traffic;
  const requests = canary + baseline;
  const share = canary / requests;
  const { rho } = lessThanTwice.mixture.grid;
  const shift = (ratio: number) => Math.log1p(share * (ratio - 1));
  const ratioGain = (k: number) =>
    requests * errorRate * (share * (lessThanTwice.logRatios[k] ?? 0) - shift(rho[k] ?? 1) + shift(TWICE));
  const lines = linesOf(lessThanTwice.mixture, ratioGain, phi);
  if (acceptable === undefined) return lines;
  const { perEvent, perExposure, mixture } = acceptable.test;
  const limitGain = (k: number) =>
    canary * (errorRate * (perEvent[k] ?? 0) + (1 - errorRate) * (perExposure[k] ?? 0));
  return [...lines, ...linesOf(mixture, limitGain, phi)].map((line) => ({
    ...line,
    start: line.start - Math.LN2,
  }));
}

const linesOf = (mixture: Mixture, gain: (k: number) => number, phi: number) =>
  Array.from(mixture.logWeights, (logWeight, k) => ({
    start: logWeight + (mixture.started ? (mixture.logEvidence[k] ?? 0) : 0),
    perMs: gain(k) / phi,
  }));
