/** Section C: whether the canary answers more slowly than the baseline. */
import { atLeast, type Counts } from '../counts.ts';
import { BUCKETS, rankOf, type Histogram } from '../histogram.ts';
import { logAddExp } from '../logmath.ts';
import { createMixture, LATENCY_GRID, logEOf, type Mixture, type Onset } from './mixture.ts';
import { createSplit, feedEvents, setShare, type Split } from './ratio.ts';

/** The baseline's quantiles that are compared, and the part of the stake on each. */
export const LATENCY_QUANTILES: ReadonlyArray<{ readonly p: number; readonly weight: number }> = [
  { p: 0.5, weight: 0.1 },
  { p: 0.9, weight: 0.25 },
  { p: 0.95, weight: 0.4 },
  { p: 0.99, weight: 0.25 },
];

/** Five buckets of 2%: a canary that is up to 10% slower gives no evidence for an issue. */
const ISSUE_SHIFT = 5;

interface QuantileTest {
  readonly p: number;
  readonly logWeight: number;
  /** Requests in this bucket and above count as slow; undefined until the baseline has a past. */
  slowFrom: number | undefined;
  /** Is the canary's share over 1.10 times the threshold larger than the baseline's over the threshold? */
  readonly issue: Mixture;
  /** The same at the threshold itself. */
  readonly warning: Mixture;
}

/** Evidence that the canary answers more slowly than the baseline. Changed in place by its owner. */
export interface LatencyTest {
  readonly quantiles: readonly QuantileTest[];
  readonly split: Split;
  /** How many answers of the baseline the thresholds were taken from. */
  restsOn: number;
  /** Whether anything was compared at all. */
  compared: boolean;
}

/** The answers of one arm in one tick, of which `slow` tells how many lie in a bucket or above. */
export interface Answers {
  readonly latency: Counts;
  /** Where clients are counted and not requests. */
  readonly slowClients: ReadonlyMap<number, number> | undefined;
}

export const createLatencyTest = (onset: Onset): LatencyTest => ({
  quantiles: LATENCY_QUANTILES.map(({ p, weight }) => ({
    p,
    logWeight: Math.log(weight),
    slowFrom: undefined,
    issue: createMixture(LATENCY_GRID, onset),
    warning: createMixture(LATENCY_GRID, onset),
  })),
  split: createSplit(LATENCY_GRID, 1),
  restsOn: 0,
  compared: false,
});

/**
 * Takes the thresholds from the baseline's past. They hold for the ticks that follow, never for those they were taken from.
 * @param answers all that `baselinePast` holds, above 0
 */
export function setThresholds(test: LatencyTest, baselinePast: Histogram, answers: number): void {
  let seen = 0;
  let bucket = -1;
  for (const entry of test.quantiles) {
    const rank = rankOf(entry.p, answers);
    while (seen < rank) seen += baselinePast[++bucket] ?? 0;
    // The upper edge of the quantile's own bucket is the threshold.
    entry.slowFrom = Math.min(bucket + 1, BUCKETS - 1);
  }
  test.restsOn = answers;
}

const issueFrom = (slowFrom: number) => Math.min(slowFrom + ISSUE_SHIFT, BUCKETS - 1);

/** The buckets from which requests count as slow, for a warning and for an issue, in rising order. */
export function comparedBuckets({ quantiles }: LatencyTest): readonly number[] {
  const buckets = quantiles.flatMap(({ slowFrom }) =>
    slowFrom === undefined ? [] : [slowFrom, issueFrom(slowFrom)],
  );
  return [...new Set(buckets)].toSorted((a, b) => a - b);
}

/**
 * Feeds one tick; one in which an arm answered nothing changes nothing.
 * @param canaryRequests of the unit that is drawn: answered requests, or all requests where clients are counted
 */
export function feedLatency(
  test: LatencyTest,
  canary: Answers,
  baseline: Answers,
  canaryRequests: number,
  baselineRequests: number,
  phi: number,
): void {
  if (canaryRequests === 0 || baselineRequests === 0) return;
  setShare(test.split, canaryRequests / (canaryRequests + baselineRequests));
  for (const { slowFrom, issue, warning } of test.quantiles) {
    if (slowFrom === undefined) continue;
    test.compared = true;
    const usual = slowIn(baseline, slowFrom);
    feedEvents(warning, test.split, slowIn(canary, slowFrom), usual, phi);
    feedEvents(issue, test.split, slowIn(canary, issueFrom(slowFrom)), usual, phi);
  }
}

const slowIn = ({ latency, slowClients }: Answers, bucket: number): number =>
  slowClients === undefined ? atLeast(latency, bucket) : (slowClients.get(bucket) ?? 0);

/** ln of the weighted mean of the quantiles' E. */
export function latencyLogE({ quantiles }: LatencyTest, scale: 'issue' | 'warning'): number {
  let logE = -Infinity;
  for (const entry of quantiles) logE = logAddExp(logE, entry.logWeight + logEOf(entry[scale]));
  return logE;
}
