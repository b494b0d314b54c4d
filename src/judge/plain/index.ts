import type { JudgeSettings } from '../settings.ts';
import type { Latencies } from '../histogram.ts';
import type { Tick } from '../tick.ts';
import { consecutiveFinding, outcomeOf, tooManyFailures } from './consecutive.ts';
import { brokenThreshold, fixedFinding } from './fixed.ts';
import type { MannWhitneyEvidence, PlainContext, PlainEvidence, PlainFinding } from './finding.ts';
import { addToInterval, figuresIn, joined, type ComparedFigures, type Interval } from './intervals.ts';
import { failedAnalysis, scoredFinding, valueOf } from './scored.ts';
import {
  DEFAULT_ERROR_RATE,
  DEFAULT_P95_MS,
  FIXED_SAMPLE,
  type PlainSettings,
  type Thresholds,
} from './settings.ts';

export type { PlainContext, PlainEvidence, PlainFinding, PlainRule } from './finding.ts';
export type { PlainSettings } from './settings.ts';

type Rule = Exclude<JudgeSettings['rule'], 'sequential'>;

/** What a plain rule knows: ticks put together to intervals. Changed in place by its owner. */
export interface PlainJudge {
  readonly rule: Rule;
  readonly settings: PlainSettings;
  readonly thresholds: Thresholds;
  readonly windowMs: number;
  open: Interval | undefined;
  /** Complete intervals of the window, and all of them as one. */
  window: Interval[];
  complete: Interval | undefined;
  /** Complete intervals of which the rule needs the figures, in order of time. */
  past: ComparedFigures[];
  intervals: number;
  failedInAll: number;
  inconclusiveInAll: number;
  analysis: MannWhitneyEvidence['analysis'];
}

type Asked = Pick<JudgeSettings, 'rule' | 'limits' | 'latency' | 'windowMs'> & {
  readonly plain: PlainSettings;
};

/** @returns undefined where the settings ask for the sequential judge */
export function createPlain(settings: Asked): PlainJudge | undefined {
  const { rule, plain, windowMs } = settings;
  if (rule === 'sequential') return undefined;
  return {
    rule,
    settings: plain,
    thresholds: thresholdsOf(settings),
    windowMs,
    open: undefined,
    window: [],
    complete: undefined,
    past: [],
    intervals: 0,
    failedInAll: 0,
    inconclusiveInAll: 0,
    analysis: null,
  };
}

function thresholdsOf({ limits, latency, plain }: Asked): Thresholds {
  const { p95Ratio, p99Ratio, ...errors } = plain.thresholds;
  return {
    ...errors,
    errorRate: limits.errorRate ?? DEFAULT_ERROR_RATE,
    p95Ms: limits.p95Ms ?? DEFAULT_P95_MS,
    p99Ms: limits.p99Ms ?? null,
    crashesPerMinute: limits.crashesPerMinute ?? null,
    p95Ratio: latency ? p95Ratio : null,
    p99Ratio: latency ? p99Ratio : null,
  };
}

/**
 * Adds a tick that began at `from`, of the time after the warm-up.
 * @returns whether the rule shows an issue now: `fixed` is asked each time, the others with each complete interval
 */
export function feedPlain(judge: PlainJudge, tick: Tick<Latencies>, from: number): boolean {
  const { interval, complete } = addToInterval(judge.open, tick, from, judge.settings.intervalMs);
  judge.open = complete ? undefined : interval;
  if (complete) {
    judge.window = [...judge.window, interval].filter(({ until }) => until > tick.at - judge.windowMs);
    judge.complete = joined(judge.window);
    remember(judge, figuresIn(interval));
  }
  return (complete || judge.rule === 'fixed') && plainIssue(plainEvidence(judge)) !== undefined;
}

function remember(judge: PlainJudge, figures: ComparedFigures): void {
  const { consecutive, mannWhitney } = judge.settings;
  const { failureLimit, missingLimit, passes } = consecutive;
  judge.intervals += 1;
  const kept =
    judge.rule === 'consecutive' ? Math.max(failureLimit, missingLimit, passes) : mannWhitney.lookback;
  judge.past = judge.rule === 'fixed' ? [] : [...judge.past, figures].slice(-kept);
  if (judge.rule === 'consecutive') {
    const outcome = outcomeOf(figures, judge.thresholds, consecutive, false);
    if (outcome === 'failed') judge.failedInAll += 1;
    if (outcome === 'inconclusive') judge.inconclusiveInAll += 1;
  }
  if (judge.rule !== 'mann_whitney' || judge.intervals % mannWhitney.intervalsPerAnalysis !== 0) return;
  const valuesOf = (arm: 'canary' | 'baseline') =>
    mannWhitney.metrics.map((metric) => judge.past.map((one) => valueOf(metric, one[arm])));
  judge.analysis = { at: figures.until, canary: valuesOf('canary'), baseline: valuesOf('baseline') };
}

export function plainEvidence(judge: PlainJudge): PlainEvidence {
  const { rule, settings, thresholds, past, intervals, failedInAll, inconclusiveInAll, analysis } = judge;
  return {
    thresholds,
    sample: FIXED_SAMPLE,
    window: figuresIn(joined([judge.complete, judge.open].filter((one) => one !== undefined))),
    consecutive:
      rule === 'consecutive'
        ? { settings: settings.consecutive, recent: past, failedInAll, inconclusiveInAll }
        : null,
    mannWhitney: rule === 'mann_whitney' ? { settings: settings.mannWhitney, intervals, analysis } : null,
  };
}

/** The rule's issue in this evidence, if it shows one. */
export function plainIssue(evidence: PlainEvidence): PlainFinding | undefined {
  if (evidence.consecutive !== null) return tooManyFailures(evidence);
  if (evidence.mannWhitney !== null) return failedAnalysis(evidence, evidence.mannWhitney);
  return brokenThreshold(evidence);
}

/** The rule's verdict, from its evidence alone. That data is fresh and of both arms is asked before. */
export function plainFinding(evidence: PlainEvidence, context: PlainContext): PlainFinding {
  if (evidence.consecutive !== null) return consecutiveFinding(evidence, evidence.consecutive, context);
  if (evidence.mannWhitney !== null) return scoredFinding(evidence, evidence.mannWhitney, context);
  return fixedFinding(evidence);
}
