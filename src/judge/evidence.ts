import { baselineBreaks, evidenceOfLimit, type LimitEvidence } from './absolute.ts';
import { certificateLogE, timeToCertificate } from './certificate.ts';
import { deadLogE } from './dead.ts';
import { effectsOf, type Effects } from './effects.ts';
import type { Judge } from './state.ts';
import { latencyLogE } from './latency.ts';
import { logMeanE } from './logmath.ts';
import { logEOf } from './mixture.ts';
import type { EffectGates } from './settings.ts';
import type { Totals } from './tick.ts';
import { sumWindow, type WindowSums } from './window.ts';

/** Natural logarithms of E; null = not measured. */
export interface LogEs {
  readonly errors: number;
  readonly latency: number | null;
  readonly latencyWarning: number | null;
  readonly crashes: number | null;
  /** `.5 errors + .3 latency + .2 crashes`, of E. */
  readonly combined: number;
  /** The same with latency as it is for a warning. */
  readonly warning: number;
}

/** Everything that speaks for or against a canary at one moment, as plain data. */
export interface Evidence {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly alpha: number;
  readonly phi: number;
  readonly gates: EffectGates;
  /** What the comparison rests on. */
  readonly canary: Readonly<Totals>;
  readonly baseline: Readonly<Totals>;
  readonly logE: LogEs;
  readonly limits: readonly LimitEvidence[];
  /** The canary since its start, warm-up included. */
  readonly start: { readonly requests: number; readonly errors: number; readonly deadLogE: number | null };
  readonly effects: Effects;
  readonly certificate: {
    readonly logE: number;
    readonly held: boolean;
    /** Time still needed at the present traffic, ms; null when no end is in sight. */
    readonly remainingMs: number | null;
  };
}

export function logEsOf(judge: Judge): LogEs {
  const errors = logEOf(judge.errors.mixture);
  const latency = judge.latency === undefined ? null : latencyLogE(judge.latency, 'issue');
  const latencyWarning = judge.latency === undefined ? null : latencyLogE(judge.latency, 'warning');
  const crashes = crashLogE(judge);
  const combined = combine(errors, latency, crashes);
  const warning = combine(errors, latencyWarning, crashes);
  return { errors, latency, latencyWarning, crashes, combined, warning };
}

const combine = (errors: number, latency: number | null, crashes: number | null): number =>
  logMeanE([
    { weight: 0.5, logE: errors },
    { weight: 0.3, logE: latency },
    { weight: 0.2, logE: crashes },
  ]);

/** Cheap and never wrong in saying no: whether any rule may call the present state an issue. */
export function harmIsPossible(judge: Judge, logEs: LogEs): boolean {
  const needed = -Math.log(judge.settings.alpha);
  return (
    (deadLogE(judge.sinceStart.canary, judge.sinceStart.baseline) ?? 0) >= needed ||
    judge.limits.some(({ canary }) => logEOf(canary.test.mixture) >= needed) ||
    logEs.combined >= needed
  );
}

export function evidenceOf(judge: Judge, at: number): Evidence {
  const { settings, sinceStart, compared, certificate } = judge;
  const recent = sumWindow(judge.window, at);
  return {
    at,
    alpha: settings.alpha,
    phi: settings.fixedPhi ?? 1,
    gates: settings.gates,
    canary: { ...compared.canary },
    baseline: { ...compared.baseline },
    logE: logEsOf(judge),
    limits: judge.limits.map(evidenceOfLimit),
    start: {
      requests: sinceStart.canary.requests,
      errors: sinceStart.canary.errors,
      deadLogE: deadLogE(sinceStart.canary, sinceStart.baseline),
    },
    effects: effectsOf(recent, settings.windowMs),
    certificate: {
      logE: certificateLogE(certificate),
      held: certificate.held,
      remainingMs: timeToCertificate(certificate, trafficOf(judge, recent), settings.fixedPhi ?? 1),
    },
  };
}

/** Where the baseline crashes too often as well, crashes can speak for the canary but no longer against it. */
function crashLogE({ limits }: Judge): number | null {
  const limit = limits.find(({ rule }) => rule === 'crash-rate');
  if (limit === undefined) return null;
  const evidence = evidenceOfLimit(limit);
  return baselineBreaks(evidence) ? Math.min(0, evidence.canary.logE) : evidence.canary.logE;
}

/** Present traffic, with the error rate of both arms together. */
function trafficOf({ compared: { canary, baseline } }: Judge, recent: WindowSums) {
  const requests = canary.requests + baseline.requests;
  const perMs = (count: number) => (recent.spanMs > 0 ? count / recent.spanMs : 0);
  return {
    canary: perMs(recent.canary.requests),
    baseline: perMs(recent.baseline.requests),
    errorRate: requests === 0 ? 0 : (canary.errors + baseline.errors) / requests,
  };
}
