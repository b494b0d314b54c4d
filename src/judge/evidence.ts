import { plainEvidence, type PlainEvidence } from './plain/index.ts';
import { breaksToo, evidenceOfLimit, type LimitEvidence } from './sequential/absolute.ts';
import { certificateLogE } from './sequential/certificate.ts';
import { combine, logEFor, type LogEs } from './sequential/combined.ts';
import { deadLogE } from './sequential/dead.ts';
import { phiByBlock, type BlockSeconds } from './sequential/dispersion.ts';
import { effectsOf, type Effects } from './sequential/effects.ts';
import { latencyLogE } from './sequential/latency.ts';
import { latencyPhiOf, type LatencyPhi } from './sequential/latency-dispersion.ts';
import { logEOf, type Mixture } from './sequential/mixture.ts';
import { WARNING_E, type EffectGates, type JudgeSettings } from './settings.ts';
import { timeToCertificate } from './sequential/prediction.ts';
import { latencyPhiIn, phiIn, type Judge } from './state.ts';
import type { Totals } from './tick.ts';

/** Everything that speaks for or against a canary at one moment, as plain data. */
export interface Evidence {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly alpha: number;
  readonly stages: 1 | 2;
  readonly unit: JudgeSettings['unit'];
  /** What evidence on errors is divided by, and the estimates that it comes from: how much more errors vary than independent ones. */
  readonly phi: number;
  readonly phiByBlock: ReadonlyArray<{ readonly seconds: BlockSeconds; readonly phi: number }>;
  /**
   * The same for slow answers, by quantile. Null where nothing is known of the latency of single instances: evidence on latency is then
   * divided by `phi`.
   */
  readonly latencyPhi: readonly LatencyPhi[] | null;
  readonly gates: EffectGates;
  /** What the comparison rests on. */
  readonly canary: Readonly<Totals>;
  readonly baseline: Readonly<Totals>;
  /** Distinct failing clients so far, where clients stay on their version. */
  readonly clients: { readonly canary: number; readonly baseline: number } | null;
  readonly logE: LogEs;
  /** Whether a canary that is slower may still be one that starts cold: for what latency alone says it is then not rolled back. */
  readonly mayBeCold: boolean;
  readonly limits: readonly LimitEvidence[];
  /** The canary since its start, warm-up included. */
  readonly start: { readonly requests: number; readonly errors: number; readonly deadLogE: number | null };
  readonly effects: Effects;
  readonly certificate: {
    readonly logE: number;
    /** The E at which it is held. */
    readonly needed: number;
    readonly held: boolean;
    /** Time still needed at the present traffic, ms; null when no end is in sight. */
    readonly remainingMs: number | null;
  };
  /** What a plain rule judges by, where one does. */
  readonly plain: PlainEvidence | null;
}

export function logEsOf(judge: Judge): LogEs {
  const measured = judge.latency?.compared === true && !judge.warmUp.mayFall ? judge.latency : undefined;
  const errors = logEOf(judge.errors.mixture);
  const latency = measured === undefined ? null : latencyLogE(measured, 'issue');
  const latencyWarning = measured === undefined ? null : latencyLogE(measured, 'warning');
  const crashes = crashLogE(judge);
  const combined = combine(errors, latency, crashes);
  const warning = combine(errors, latencyWarning, crashes);
  return { errors, latency, latencyWarning, crashes, combined, warning };
}

/** Cheap and never wrong in saying yes: whether no part of the evidence is as large as a warning or an issue needs, and so their mean is not. */
export function isCalm({ settings, errors, latency, limits }: Judge): boolean {
  const below = Math.min(WARNING_E, 1 / settings.alpha);
  if (!isSmall(errors.mixture, below)) return false;
  for (const limit of limits)
    if (limit.rule === 'crash-rate' && !isSmall(limit.canary.test.mixture, below)) return false;
  if (latency !== undefined)
    for (const { warning, issue } of latency.quantiles)
      if (!(isSmall(warning, below) && isSmall(issue, below))) return false;
  return true;
}

const isSmall = ({ plain, e }: Mixture, below: number): boolean => plain && e < below;

/** Cheap and never wrong in saying no: whether any rule may call the present state an issue. */
export const harmIsPossible = (judge: Judge): boolean =>
  (!isCalm(judge) && logEsOf(judge).combined >= logEFor(judge.settings).issue) || limitIsBroken(judge);

/** The same for an issue for which the canary is rolled back. @param logEs undefined while the judge is calm */
export const rollbackIsPossible = (judge: Judge, logEs: LogEs | undefined): boolean =>
  (logEs !== undefined && logEs.combined >= logEFor(judge.settings).rollback) || limitIsBroken(judge);

function limitIsBroken({ settings, sinceStart, limits }: Judge): boolean {
  const needed = -Math.log(settings.alpha);
  if ((deadLogE(sinceStart.canary, sinceStart.baseline) ?? 0) >= needed) return true;
  for (const { canary } of limits) if (logEOf(canary.test.mixture) >= needed) return true;
  return false;
}

export function evidenceOf(judge: Judge, at: number): Evidence {
  const { settings, sinceStart, compared, certificate } = judge;
  return {
    at,
    alpha: settings.alpha,
    stages: settings.stages,
    unit: settings.unit,
    phi: phiIn(judge),
    phiByBlock: phiByBlock(judge.dispersion),
    latencyPhi: latencyPhiOf(judge.latencyDispersion, (q) => latencyPhiIn(judge, q)),
    gates: settings.gates,
    canary: { ...compared.canary },
    baseline: { ...compared.baseline },
    clients: judge.clients ?? null,
    logE: logEsOf(judge),
    mayBeCold: judge.warmUp.mayBeCold,
    limits: judge.limits.map(evidenceOfLimit),
    start: {
      requests: sinceStart.canary.requests,
      errors: sinceStart.canary.failures,
      deadLogE: deadLogE(sinceStart.canary, sinceStart.baseline),
    },
    effects: effectsOf(judge.window),
    certificate: {
      logE: certificateLogE(certificate),
      needed: certificate.needed,
      held: certificate.held,
      remainingMs: timeToCertificate(certificate, trafficOf(judge), phiIn(judge)),
    },
    plain: judge.plain === undefined ? null : plainEvidence(judge.plain),
  };
}

/** Where the baseline crashes too often as well, crashes can speak for the canary but no longer against it. */
function crashLogE({ limits }: Judge): number | null {
  for (const limit of limits) {
    if (limit.rule !== 'crash-rate') continue;
    const { canary, baseline } = limit;
    const logE = logEOf(canary.test.mixture);
    return breaksToo(logEOf(baseline.test.mixture)) ? Math.min(0, logE) : logE;
  }
  return null;
}

/** Present traffic, with the error rate of both arms together. */
function trafficOf({ compared: { canary, baseline }, window }: Judge) {
  const requests = canary.requests + baseline.requests;
  const spanMs = (window.until ?? 0) - (window.from ?? 0);
  const perMs = (count: number) => (spanMs > 0 ? count / spanMs : 0);
  return {
    canary: perMs(window.canary.requests),
    baseline: perMs(window.baseline.requests),
    errorRate: requests === 0 ? 0 : (canary.errors + baseline.errors) / requests,
  };
}
