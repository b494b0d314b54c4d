import { count, milliseconds, percent, significant } from '../wording.ts';
import type { ComparedFigures, Figures } from './intervals.ts';
import type { Sample, Thresholds } from './settings.ts';

/**
 * What became of one threshold. `unknown`: the sample is too small, or an arm has no data; `spared`: absolute, and the baseline breaks
 * it as well, so it is reported and not applied.
 */
export interface Check {
  readonly name: 'error rate' | 'p95' | 'p99' | 'crashes';
  readonly result: 'kept' | 'broken' | 'spared' | 'unknown';
  /** What was seen, and the threshold. Made when it is asked for: most checks are kept, and nobody reads them. */
  readonly words: () => string;
}

/** Compares every threshold literally. */
export function checkThresholds(
  { canary, baseline }: ComparedFigures,
  thresholds: Thresholds,
  sample: Sample,
): Check[] {
  return [
    ...errorChecks(canary, baseline, thresholds, sample),
    ...latencyChecks('p95', canary, baseline, {
      limit: thresholds.p95Ms,
      ratio: thresholds.p95Ratio,
      least: sample.p95,
    }),
    ...latencyChecks('p99', canary, baseline, {
      limit: thresholds.p99Ms,
      ratio: thresholds.p99Ratio,
      least: sample.p99,
    }),
    ...crashChecks(canary, baseline, thresholds.crashesPerMinute),
  ];
}

/** Whether enough is known for the arm to pass: errors always; p95 where latency is compared. p99 may stay unknown. */
export const enough = (canary: Figures, thresholds: Thresholds, sample: Sample): boolean =>
  canary.requests >= sample.requests && (thresholds.p95Ratio === null || canary.answered >= sample.p95);

function errorChecks(canary: Figures, baseline: Figures, thresholds: Thresholds, sample: Sample): Check[] {
  const name = 'error rate';
  const [own, usual] = [share(canary), share(baseline)];
  const seen = () => `errors ${percentOr(own)} on the canary against ${percentOr(usual)} on stable`;
  const known = own !== null && canary.requests >= sample.requests;
  const judged = (over: boolean) => (over && canary.errors >= sample.errors ? 'broken' : 'kept');
  const { errorRate, errorPoints, errorRatio } = thresholds;
  const absolute: Check = {
    name,
    result: !known ? 'unknown' : usual !== null && usual >= errorRate ? 'spared' : judged(own >= errorRate),
    words: () => `${seen()}, where less than ${percent(errorRate)} may be`,
  };
  const relative = (over: (usual: number) => boolean, words: string): Check => ({
    name,
    result: !known || usual === null ? 'unknown' : judged(over(usual)),
    words: () => `${seen()}, ${words}`,
  });
  return [
    absolute,
    relative(
      (baselineShare) => (own ?? 0) >= baselineShare + errorPoints,
      `where ${percent(errorPoints)} of requests more may fail`,
    ),
    // Without an error on stable every ratio is infinite: the points alone decide.
    relative(
      (baselineShare) => baselineShare > 0 && (own ?? 0) >= baselineShare * errorRatio,
      `where ${significant(errorRatio)} times as many may fail`,
    ),
  ];
}

interface LatencyThreshold {
  readonly limit: number | null;
  readonly ratio: number | null;
  readonly least: number;
}

function latencyChecks(
  name: 'p95' | 'p99',
  canary: Figures,
  baseline: Figures,
  { limit, ratio, least }: LatencyThreshold,
): Check[] {
  const own = canary[`${name}Ms`];
  const usual = baseline[`${name}Ms`];
  const seen = () => `${name} ${milliseconds(own)} on the canary against ${milliseconds(usual)} on stable`;
  const known = own !== null && canary.answered >= least;
  const checks: Check[] = [];
  if (limit !== null) {
    const result = !known ? 'unknown' : usual !== null && usual > limit ? 'spared' : over(own > limit);
    checks.push({ name, result, words: () => `${seen()}, where ${milliseconds(limit)} may be` });
  }
  if (ratio !== null) {
    const result = !known || usual === null ? 'unknown' : over(own >= usual * ratio);
    checks.push({ name, result, words: () => `${seen()}, where ${significant(ratio)} times as much may be` });
  }
  return checks;
}

function crashChecks(canary: Figures, baseline: Figures, limit: number | null): Check[] {
  if (limit === null || canary.instanceMinutes === 0) return [];
  const rate = ({ crashes, instanceMinutes }: Figures) => crashes / Math.max(1, instanceMinutes);
  const words = () =>
    `${count(canary.crashes)} crashes in ${significant(canary.instanceMinutes)} instance-minutes on the canary, where ${significant(limit)} a minute may be`;
  const broken = rate(canary) > limit;
  return [{ name: 'crashes', result: broken && rate(baseline) > limit ? 'spared' : over(broken), words }];
}

const over = (broken: boolean) => (broken ? 'broken' : 'kept');
const share = ({ errors, requests }: Figures) => (requests === 0 ? null : errors / requests);
const percentOr = (value: number | null) => (value === null ? 'unknown' : percent(value));
