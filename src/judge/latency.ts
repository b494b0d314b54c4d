import { BUCKETS, bucketOf, quantile, type Histogram } from './histogram.ts';
import { logMeanE } from './logmath.ts';
import { LATENCY_GRID, logEOf, type Onset } from './mixture.ts';
import { createRatioTest, feedRatio, type RatioTest } from './ratio.ts';

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
  readonly weight: number;
  /** Requests in this bucket and above count as slow; undefined until the baseline has a past. */
  slowFrom: number | undefined;
  /** Is the canary's share over 1.10 times the threshold larger than the baseline's over the threshold? */
  readonly issue: RatioTest;
  /** The same at the threshold itself. */
  readonly warning: RatioTest;
}

/** Evidence that the canary answers more slowly than the baseline. Changed in place by its owner. */
export interface LatencyTest {
  readonly quantiles: readonly QuantileTest[];
  readonly scratch: { readonly canary: Uint32Array; readonly baseline: Uint32Array };
}

export const createLatencyTest = (onset: Onset): LatencyTest => ({
  quantiles: LATENCY_QUANTILES.map(({ p, weight }) => ({
    p,
    weight,
    slowFrom: undefined,
    issue: createRatioTest(LATENCY_GRID, 1, onset),
    warning: createRatioTest(LATENCY_GRID, 1, onset),
  })),
  scratch: { canary: new Uint32Array(BUCKETS + 1), baseline: new Uint32Array(BUCKETS + 1) },
});

/** Takes the thresholds from the baseline's past. They hold for the ticks that follow, never for those they were taken from. */
export function setThresholds(test: LatencyTest, baselinePast: Histogram): void {
  const empty = !baselinePast.some((count) => count > 0);
  for (const entry of test.quantiles)
    entry.slowFrom = empty ? undefined : bucketAbove(quantile(baselinePast, entry.p));
}

/** The buckets from which requests count as slow, for a warning and for an issue, in rising order. */
export function comparedBuckets({ quantiles }: LatencyTest): readonly number[] {
  const buckets = quantiles.flatMap(({ slowFrom }) =>
    slowFrom === undefined ? [] : [slowFrom, Math.min(slowFrom + ISSUE_SHIFT, BUCKETS - 1)],
  );
  return [...new Set(buckets)].toSorted((a, b) => a - b);
}

/** Feeds one tick; one in which an arm answered nothing changes nothing. */
export function feedLatency(test: LatencyTest, canary: Histogram, baseline: Histogram, phi: number): void {
  const slowCanary = countAbove(canary, test.scratch.canary);
  const slowBaseline = countAbove(baseline, test.scratch.baseline);
  const canaryRequests = slowCanary[0] ?? 0;
  const baselineRequests = slowBaseline[0] ?? 0;
  for (const { slowFrom, issue, warning } of test.quantiles) {
    if (slowFrom === undefined) continue;
    const baselineEvents = slowBaseline[slowFrom] ?? 0;
    const atThreshold = slowCanary[slowFrom] ?? 0;
    const wellAbove = slowCanary[slowFrom + ISSUE_SHIFT] ?? 0;
    feedRatio(warning, { canaryRequests, baselineRequests, canaryEvents: atThreshold, baselineEvents }, phi);
    feedRatio(issue, { canaryRequests, baselineRequests, canaryEvents: wellAbove, baselineEvents }, phi);
  }
}

/** ln of the weighted mean of the quantiles' E. */
export const latencyLogE = (test: LatencyTest, scale: 'issue' | 'warning'): number =>
  logMeanE(test.quantiles.map((entry) => ({ weight: entry.weight, logE: logEOf(entry[scale].mixture) })));

/** `counts[i]` = observations in bucket i and above. */
function countAbove(histogram: Histogram, counts: Uint32Array): Uint32Array {
  let sum = 0;
  for (let i = BUCKETS - 1; i >= 0; i--) {
    sum += histogram[i] ?? 0;
    counts[i] = sum;
  }
  return counts;
}

/** The bucket that begins at an edge. Nudged, since the edge itself may be rounded to just below. */
const bucketAbove = (edgeMs: number): number => bucketOf(edgeMs * 1.001);
