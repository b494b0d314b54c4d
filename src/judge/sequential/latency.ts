/** Section C: whether the canary answers more slowly than the baseline. */
import { countAbove, type Counts } from '../counts.ts';
import { BUCKETS, rankOf, type Histogram } from '../histogram.ts';
import { logAddExp } from '../logmath.ts';
import {
  capStep,
  createMixture,
  createStep,
  feedStep,
  LATENCY_GRID,
  logEOf,
  type Mixture,
  type Onset,
} from './mixture.ts';
import { createSplit, setEvents, setShare, type Split } from './ratio.ts';

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
  /** Is the canary's share over 1.10 times the threshold larger than the baseline's over the threshold? */
  readonly issue: Mixture;
  /** The same at the threshold itself. */
  readonly warning: Mixture;
}

/** Evidence that the canary answers more slowly than the baseline. Changed in place by its owner. */
export interface LatencyTest {
  readonly quantiles: readonly QuantileTest[];
  readonly split: Split;
  /** Of each quantile in turn: answers in this bucket and above count as slow. */
  readonly slowFrom: Uint16Array;
  readonly issueFrom: Uint16Array;
  /** How many answers of the baseline these were taken from; 0 until it has a past. */
  restsOn: number;
  /** Whether anything was compared at all. */
  compared: boolean;
  /** The canary's that were compared, each for less the fewer the baseline had beside them: nC nB / (nC + nB). */
  requests: number;
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
    weight,
    issue: createMixture(LATENCY_GRID, onset),
    warning: createMixture(LATENCY_GRID, onset),
  })),
  split: createSplit(LATENCY_GRID, 1),
  slowFrom: new Uint16Array(LATENCY_QUANTILES.length),
  issueFrom: new Uint16Array(LATENCY_QUANTILES.length),
  restsOn: 0,
  compared: false,
  requests: 0,
});

/**
 * Takes the thresholds from the baseline's past. They hold for the ticks that follow, never for those they were taken from.
 * @param answers all that `baselinePast` holds, above 0
 */
export function setThresholds(test: LatencyTest, baselinePast: Histogram, answers: number): void {
  quantileBuckets(test.slowFrom, baselinePast, answers);
  for (let i = 0; i < test.slowFrom.length; i++)
    test.issueFrom[i] = Math.min((test.slowFrom[i] as number) + ISSUE_SHIFT, BUCKETS - 1);
  test.restsOn = answers;
}

/** From which buckets on answers are slower than each quantile of the past. @param answers all that `past` holds, above 0 */
export function quantileBuckets(into: Uint16Array, past: Histogram, answers: number): void {
  let seen = 0;
  let bucket = -1;
  for (let i = 0; i < LATENCY_QUANTILES.length; i++) {
    const rank = rankOf((LATENCY_QUANTILES[i] as { p: number }).p, answers);
    while (seen < rank) seen += past[++bucket] ?? 0;
    // The upper edge of the quantile's own bucket is the threshold.
    into[i] = Math.min(bucket + 1, BUCKETS - 1);
  }
}

/** The buckets from which requests count as slow, for a warning and for an issue, in rising order. */
export const comparedBuckets = ({ slowFrom, issueFrom, restsOn }: LatencyTest): readonly number[] =>
  restsOn === 0 ? [] : [...new Set([...slowFrom, ...issueFrom])].toSorted((a, b) => a - b);

/**
 * Feeds one tick; one in which an arm answered nothing changes nothing.
 * @param canaryRequests of the unit that is drawn: answered requests, or all requests where clients are counted
 * @param phi of each quantile, what its evidence is divided by
 * @param most that one tick may say for an alternative, in nats: see `capStep`
 */
export function feedLatency(
  test: LatencyTest,
  canary: Answers,
  baseline: Answers,
  canaryRequests: number,
  baselineRequests: number,
  phi: Float64Array,
  most = Infinity,
): void {
  if (canaryRequests === 0 || baselineRequests === 0 || test.restsOn === 0) return;
  test.compared = true;
  test.requests += (canaryRequests * baselineRequests) / (canaryRequests + baselineRequests);
  setShare(test.split, canaryRequests / (canaryRequests + baselineRequests));
  countSlow(USUAL, baseline, test.slowFrom);
  countSlow(SLOW, canary, test.slowFrom);
  countSlow(SLOWER, canary, test.issueFrom);
  for (let i = 0; i < test.quantiles.length; i++) {
    const { warning, issue } = test.quantiles[i] as QuantileTest;
    const usual = USUAL[i] as number;
    const by = phi[i] as number;
    setEvents(STEP, test.split, SLOW[i] as number, usual, by);
    capStep(STEP, most);
    feedStep(warning, STEP);
    if (SLOWER[i] !== SLOW[i]) {
      setEvents(STEP, test.split, SLOWER[i] as number, usual, by);
      capStep(STEP, most);
    }
    feedStep(issue, STEP);
  }
}

/** Room for the tick that is fed; nothing in it outlives a call. */
const STEP = createStep();
const USUAL = new Float64Array(LATENCY_QUANTILES.length);
const SLOW = new Float64Array(LATENCY_QUANTILES.length);
const SLOWER = new Float64Array(LATENCY_QUANTILES.length);

/** How many answers lie in each of the `buckets`, which rise, or above it. */
function countSlow(into: Float64Array, { latency, slowClients }: Answers, buckets: Uint16Array): void {
  if (slowClients === undefined) return countAbove(into, latency, buckets);
  for (let i = 0; i < buckets.length; i++) into[i] = slowClients.get(buckets[i] as number) ?? 0;
}

/** ln of the weighted mean of the quantiles' E. */
export function latencyLogE({ quantiles }: LatencyTest, scale: 'issue' | 'warning'): number {
  let plain = 0;
  let logE = -Infinity;
  for (const entry of quantiles) {
    const mixture = scale === 'issue' ? entry.issue : entry.warning;
    if (mixture.plain) plain += entry.weight * mixture.e;
    else logE = logAddExp(logE, Math.log(entry.weight) + logEOf(mixture));
  }
  return logAddExp(Math.log(plain), logE);
}
