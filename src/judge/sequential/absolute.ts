/** Section D: the limits that are configured, each tested on both arms. */
import { bucketOf } from '../histogram.ts';
import { atLeast, type Counts } from '../counts.ts';
import { MOST_OF_ERRORS, MOST_OF_SLOW, WARNING_E, type JudgeSettings } from '../settings.ts';
import { LATENCY_QUANTILES } from './latency.ts';
import { createRateLimit, createShareLimit, feedLimit, type LimitTest } from './limits.ts';
import { logEOf, type Onset } from './mixture.ts';

export type LimitRule = 'absolute-error-rate' | 'absolute-p95' | 'absolute-p99' | 'crash-rate';

/** Events of an arm, and the requests (or instance-minutes) in which they happened. */
export interface Occurrence {
  readonly events: number;
  readonly of: number;
}

interface LimitedArm {
  readonly test: LimitTest;
  events: number;
  of: number;
}

/** One configured limit, tested on both arms. Changed in place by its owner. */
export interface AbsoluteLimit {
  readonly rule: LimitRule;
  /** As configured: a share, ms, or crashes per instance and minute. */
  readonly limit: number;
  /** Answers in this bucket and above are slower than the limit. */
  readonly slowFrom: number;
  /** Of latency, by its place among those that are compared. */
  readonly quantile: number | undefined;
  readonly canary: LimitedArm;
  readonly baseline: LimitedArm;
}

/** What one arm did in a tick. */
export interface LimitedCounts {
  readonly requests: number;
  readonly errors: number;
  readonly latency: Counts;
  readonly crashes: number;
  readonly instanceMinutes: number;
}

const noneOf = (test: LimitTest): LimitedArm => ({ test, events: 0, of: 0 });

/** The limits that are configured. @throws RangeError for a limit that cannot be tested */
export function createLimits({ limits }: JudgeSettings, onset: Onset): AbsoluteLimit[] {
  const { errorRate, p95Ms, p99Ms, crashesPerMinute } = limits;
  const made = (
    rule: LimitRule,
    limit: number | undefined,
    test: (limit: number) => LimitTest,
    p?: number,
  ) =>
    limit === undefined
      ? []
      : [
          {
            rule,
            limit,
            slowFrom: bucketOf(limit) + 1,
            quantile: p === undefined ? undefined : LATENCY_QUANTILES.findIndex((one) => one.p === p),
            canary: noneOf(test(limit)),
            baseline: noneOf(test(limit)),
          },
        ];
  return [
    ...made('absolute-error-rate', errorRate, (share) => createShareLimit(share, onset)),
    ...made('absolute-p95', p95Ms, () => createShareLimit(0.05, onset), 0.95),
    ...made('absolute-p99', p99Ms, () => createShareLimit(0.01, onset), 0.99),
    ...made('crash-rate', crashesPerMinute, (rate) => createRateLimit(rate, onset)),
  ];
}

/**
 * Feeds one tick of one arm, whether or not the other had requests. Crashes vary as they do: phi is for requests, and where the limit is
 * one of latency for slow ones.
 * @param ticks that this one stands for: see `ticksIn`
 */
export function feedAbsolute(
  limit: AbsoluteLimit,
  name: 'canary' | 'baseline',
  counts: LimitedCounts,
  phi: number,
  ticks: number,
): void {
  switch (limit.rule) {
    case 'absolute-error-rate':
      return feedShare(limit[name], counts.errors, counts.requests, phi, MOST_OF_ERRORS * ticks);
    case 'absolute-p95':
    case 'absolute-p99':
      return feedShare(
        limit[name],
        atLeast(counts.latency, limit.slowFrom),
        counts.latency.total,
        phi,
        MOST_OF_SLOW * ticks,
      );
    case 'crash-rate': {
      const arm = limit[name];
      arm.events += counts.crashes;
      arm.of += counts.instanceMinutes;
      feedLimit(arm.test, counts.crashes, counts.instanceMinutes, 1);
    }
  }
}

function feedShare(arm: LimitedArm, events: number, of: number, phi: number, most: number): void {
  arm.events += events;
  arm.of += of;
  feedLimit(arm.test, events, of - events, phi, most);
}

/** A limit as it stands, for the record. */
export interface LimitEvidence {
  readonly rule: LimitRule;
  readonly limit: number;
  readonly canary: Occurrence & { readonly logE: number };
  readonly baseline: Occurrence & { readonly logE: number };
}

export const evidenceOfLimit = ({ rule, limit, canary, baseline }: AbsoluteLimit): LimitEvidence => ({
  rule,
  limit,
  canary: { events: canary.events, of: canary.of, logE: logEOf(canary.test.mixture) },
  baseline: { events: baseline.events, of: baseline.of, logE: logEOf(baseline.test.mixture) },
});

/**
 * Whether the baseline, of this logE, is over the limit as well, so that the limit is reported and not applied. Less evidence will do
 * here than for an issue: at equal faults the arm with less traffic would otherwise be found too late to spare the other.
 */
export const breaksToo = (baselineLogE: number): boolean => baselineLogE >= Math.log(WARNING_E);

/** Whether the canary does it more often than the baseline; where there is no baseline, yes. */
export const isAbove = ({ canary, baseline }: LimitEvidence): boolean =>
  baseline.of === 0 || canary.events * baseline.of > baseline.events * canary.of;
