import type { Evidence } from './evidence.ts';
import { createPlain, type PlainJudge } from './plain/index.ts';
import { createLimits, type AbsoluteLimit } from './sequential/absolute.ts';
import { createCertificate, type Certificate } from './sequential/certificate.ts';
import { createDispersion, type Dispersion, type InstanceHistory } from './sequential/dispersion.ts';
import { comparedBuckets, createLatencyTest, type LatencyTest } from './sequential/latency.ts';
import { createLatencyDispersion, type LatencyDispersion } from './sequential/latency-dispersion.ts';
import { createPlaces, type Places } from './sequential/places.ts';
import { FROM_THE_START, onsetWithin, RATE_GRID, type Onset } from './sequential/mixture.ts';
import { createRatioTest, type RatioTest } from './sequential/ratio.ts';
import { createWarmUp, type WarmUp } from './sequential/warm-up.ts';
import { createWindow, type Window } from './sequential/window.ts';
import { CERTIFICATE_E, type JudgeSettings } from './settings.ts';
import { nothingServed, noTotals, type Served, type Tick, type Totals } from './tick.ts';
import type { Waiting } from './waiting.ts';

/** What rests on the comparison of both arms after the warm-up. */
export interface Comparison {
  errors: RatioTest;
  latency: LatencyTest | undefined;
  certificate: Certificate;
  window: Window;
  /** Where a plain rule judges: what it knows. */
  plain: PlainJudge | undefined;
  /** What was compared, while both arms had requests. */
  compared: Arms;
}

/**
 * What is known about one rollout: the fold of its ticks. It belongs to whoever created it and is changed in place by `observe`;
 * it is never stored, since folding the recorded ticks again gives the same.
 */
export interface Judge extends Comparison {
  readonly settings: JudgeSettings;
  /** When the canary began to serve, epoch milliseconds. */
  readonly startedAt: number;
  readonly warmUp: WarmUp;
  /** Whether errors are compared; latency is compared no earlier. */
  errorsWarm: boolean;
  latencyWarm: boolean;
  /** While it is: when it will have been compared for long enough that nothing shown speaks for health. Epoch milliseconds. */
  latencyProvenAt: number;
  /** Whether the canary was slower while it might have been cold: then also so many of its requests are asked for. */
  suspected: boolean;
  limits: readonly AbsoluteLimit[];
  readonly dispersion: Dispersion;
  readonly latencyDispersion: LatencyDispersion;
  /** Where the stable instances are in both. */
  readonly places: Places;
  /** Since the start, warm-up included. */
  readonly sinceStart: { readonly canary: Served; readonly baseline: Served };
  /** One-sided ticks that wait for the other arm's requests. */
  waiting: Waiting | undefined;
  lastTickAt: number | undefined;
  /** The last tick in which the arm had requests. */
  lastCanaryAt: number | undefined;
  lastBaselineAt: number | undefined;
  clients: Tick['clients'];
  /** Harm for which the canary is rolled back stays shown: the evidence of that moment. */
  issue: Evidence | undefined;
}

interface Arms {
  readonly canary: Totals;
  readonly baseline: Totals;
}

/**
 * @param startedAt when the canary began to serve, epoch milliseconds
 * @param history what the stable version's instances did before the rollout, half an hour or more of it where it is known
 * @throws RangeError for a limit that cannot be tested
 */
export const createJudge = (
  settings: JudgeSettings,
  startedAt: number,
  history: InstanceHistory = [],
): Judge => ({
  ...newComparison(settings),
  settings,
  startedAt,
  warmUp: createWarmUp(startedAt, settings.warmUpMs),
  errorsWarm: false,
  latencyWarm: false,
  latencyProvenAt: startedAt,
  suspected: false,
  limits: newLimits(settings),
  dispersion: createDispersion(startedAt, history),
  latencyDispersion: createLatencyDispersion(startedAt, history),
  places: createPlaces(startedAt),
  sinceStart: { canary: nothingServed(), baseline: nothingServed() },
  waiting: undefined,
  lastTickAt: undefined,
  lastCanaryAt: undefined,
  lastBaselineAt: undefined,
  clients: undefined,
  issue: undefined,
});

const onsetOver = ({ onset }: JudgeSettings, ticks: number): Onset =>
  onset === 'start' ? FROM_THE_START : onsetWithin(ticks);

/** @throws RangeError for a limit that cannot be tested */
export const newLimits = (settings: JudgeSettings): AbsoluteLimit[] =>
  createLimits(settings, onsetOver(settings, settings.watchedTicks ?? settings.plannedTicks));

export function newComparison(settings: JudgeSettings): Comparison {
  const onset = onsetOver(settings, settings.plannedTicks);
  return {
    errors: createRatioTest(RATE_GRID, 1, onset),
    latency: settings.latency ? createLatencyTest(onset) : undefined,
    certificate: createCertificate(CERTIFICATE_E[settings.certificate], settings.acceptableErrorRate),
    window: createWindow(settings.windowMs),
    plain: createPlain(settings),
    compared: { canary: noTotals(), baseline: noTotals() },
  };
}

/** What evidence on errors is divided by. */
export const phiIn = ({ settings, dispersion }: Judge): number =>
  settings.fixedPhi ?? (settings.tempering === 'off' ? 1 : dispersion.phi);

/** What evidence on the quantile `q` of latency is divided by: slow answers may vary more than errors do, and are not taken to vary less. */
export const latencyPhiIn = ({ settings, dispersion, latencyDispersion }: Judge, q: number): number =>
  settings.fixedPhi ??
  (settings.tempering === 'off' ? 1 : Math.max(dispersion.phi, latencyDispersion.phi[q] as number));

/**
 * The buckets from which the next tick's answers count as slow, one for each quantile that is compared: see `InstanceCount.slow`. None
 * before there is a past to take them from.
 */
export const slowThresholds = ({ latency }: Judge): ArrayLike<number> =>
  latency === undefined || latency.restsOn === 0 ? NO_BUCKETS : latency.slowFrom;

const NO_BUCKETS: readonly number[] = [];

/** The buckets for which a traffic provider counts clients once, in rising order: see `ArmTick.slowClients`. */
export const latencyBuckets = ({ latency }: Judge): readonly number[] =>
  latency === undefined ? [] : comparedBuckets(latency);
