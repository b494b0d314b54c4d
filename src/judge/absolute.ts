import { bucketOf, countFrom } from './histogram.ts';
import { createRateLimit, createShareLimit, feedLimit, type LimitTest } from './limits.ts';
import { logEOf, onsetWithin, type Onset } from './mixture.ts';
import { WARNING_E, type JudgeSettings, type Limits } from './settings.ts';
import type { ArmTick, Tick } from './tick.ts';

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
  readonly canary: LimitedArm;
  readonly baseline: LimitedArm;
  readonly measure: (arm: ArmTick) => Occurrence;
  /** Requests without the event, or the time in which there was none. */
  readonly exposure: (occurrence: Occurrence) => number;
}

const shareless = ({ events, of }: Occurrence) => of - events;
const slowerThan = (ms: number) => {
  const bucket = bucketOf(ms) + 1;
  return ({ latency }: ArmTick): Occurrence => ({
    events: countFrom(latency, bucket),
    of: countFrom(latency, 0),
  });
};

/** The limits that are configured. @throws RangeError for a limit that cannot be tested */
export function createLimits({ limits, plannedTicks }: JudgeSettings): AbsoluteLimit[] {
  const onset = onsetWithin(plannedTicks);
  return [
    ...shareLimit('absolute-error-rate', limits.errorRate, limits.errorRate, onset, (arm) => ({
      events: arm.errors,
      of: arm.requests,
    })),
    ...shareLimit('absolute-p95', limits.p95Ms, 0.05, onset, slowerThan(limits.p95Ms ?? 0)),
    ...shareLimit('absolute-p99', limits.p99Ms, 0.01, onset, slowerThan(limits.p99Ms ?? 0)),
    ...crashLimit(limits, onset),
  ];
}

const limitedArm = (test: LimitTest): LimitedArm => ({ test, events: 0, of: 0 });

function shareLimit(
  rule: LimitRule,
  limit: number | undefined,
  p0: number | undefined,
  onset: Onset,
  measure: AbsoluteLimit['measure'],
): AbsoluteLimit[] {
  if (limit === undefined || p0 === undefined) return [];
  const arm = () => limitedArm(createShareLimit(p0, onset));
  return [{ rule, limit, canary: arm(), baseline: arm(), measure, exposure: shareless }];
}

function crashLimit({ crashesPerMinute: limit }: Limits, onset: Onset): AbsoluteLimit[] {
  if (limit === undefined) return [];
  const arm = () => limitedArm(createRateLimit(limit, onset));
  const measure = (tick: ArmTick) => ({ events: tick.crashes, of: tick.instanceMinutes });
  return [{ rule: 'crash-rate', limit, canary: arm(), baseline: arm(), measure, exposure: ({ of }) => of }];
}

/** Feeds one tick; each arm counts by itself, whether or not the other had requests. Crashes vary as they do: phi is for requests. */
export function feedAbsolute(limit: AbsoluteLimit, tick: Tick, phi: number): void {
  for (const name of ['canary', 'baseline'] as const) {
    const occurrence = limit.measure(tick[name]);
    limit[name].events += occurrence.events;
    limit[name].of += occurrence.of;
    const divisor = limit.rule === 'crash-rate' ? 1 : phi;
    feedLimit(limit[name].test, occurrence.events, limit.exposure(occurrence), divisor);
  }
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
 * Whether the baseline is over the limit as well, so that the limit is reported and not applied. Less evidence will do here than
 * for an issue: at equal faults the arm with less traffic would otherwise be found too late to spare the other.
 */
export const baselineBreaks = (limit: LimitEvidence): boolean => limit.baseline.logE >= Math.log(WARNING_E);
