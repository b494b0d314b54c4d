import { createLimits, type AbsoluteLimit } from './absolute.ts';
import { createCertificate, type Certificate } from './certificate.ts';
import type { Evidence } from './evidence.ts';
import { comparedBuckets, createLatencyTest, type LatencyTest } from './latency.ts';
import { onsetWithin, RATE_GRID } from './mixture.ts';
import type { InstanceHistory } from './overdispersion.ts';
import { createRatioTest, type RatioTest } from './ratio.ts';
import { LEAST_WARM_UP_MS, type JudgeSettings } from './settings.ts';
import { noTotals, type Tick, type Totals } from './tick.ts';
import { createWindow, type Window } from './window.ts';

/**
 * What is known about one rollout: the fold of its ticks. It belongs to whoever created it and is changed in place by `observe`;
 * it is never stored, since folding the recorded ticks again gives the same.
 */
export interface Judge {
  readonly settings: JudgeSettings;
  /** When the canary began to serve, epoch milliseconds. */
  readonly startedAt: number;
  readonly errors: RatioTest;
  readonly latency: LatencyTest | undefined;
  readonly limits: readonly AbsoluteLimit[];
  readonly certificate: Certificate;
  readonly window: Window;
  /** Since the start, warm-up included. */
  readonly sinceStart: Arms;
  /** What the comparison rests on: after the warm-up, while both arms had requests. */
  readonly compared: Arms;
  /** One-sided ticks that wait for the other arm's requests. */
  waiting: { readonly from: number; readonly tick: Tick } | undefined;
  lastTickAt: number | undefined;
  /** The last tick in which the arm had requests. */
  lastCanaryAt: number | undefined;
  lastBaselineAt: number | undefined;
  /** Harm once shown stays shown: the evidence of that moment. */
  issue: Evidence | undefined;
}

interface Arms {
  readonly canary: Totals;
  readonly baseline: Totals;
}

/**
 * @param startedAt when the canary began to serve, epoch milliseconds
 * @param _history what the stable version's instances did before the rollout
 * @throws RangeError for a limit that cannot be tested
 */
export function createJudge(settings: JudgeSettings, startedAt: number, _history?: InstanceHistory): Judge {
  const onset = onsetWithin(settings.plannedTicks);
  return {
    settings,
    startedAt,
    errors: createRatioTest(RATE_GRID, 1, onset),
    latency: settings.latency ? createLatencyTest(onset) : undefined,
    limits: createLimits(settings),
    certificate: createCertificate(settings.acceptableErrorRate),
    window: createWindow(settings.windowMs),
    sinceStart: { canary: noTotals(), baseline: noTotals() },
    compared: { canary: noTotals(), baseline: noTotals() },
    waiting: undefined,
    lastTickAt: undefined,
    lastCanaryAt: undefined,
    lastBaselineAt: undefined,
    issue: undefined,
  };
}

export const warmUpEnd = ({ settings, startedAt }: Judge): number =>
  startedAt + (settings.warmUpMs === 'auto' ? LEAST_WARM_UP_MS : settings.warmUpMs);

/** A new step begins at `at`: where clients stay on their version, the thresholds of latency are taken anew and then hold until the next step. */
export function beginStep(_judge: Judge, _at: number): void {}

/** The buckets for which a traffic provider counts clients once, in rising order: see `ArmTick.slowClients`. */
export const latencyBuckets = ({ latency }: Judge): readonly number[] =>
  latency === undefined ? [] : comparedBuckets(latency);
