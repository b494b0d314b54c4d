import { countFrom, quantile } from './histogram.ts';
import type { EffectGates } from './settings.ts';
import type { WindowArm, WindowSums } from './window.ts';

/** How large the difference is that was seen over the window. Ratios canary / baseline; null where an arm has no data. */
export interface Effects {
  readonly windowMs: number;
  readonly errorRatio: number | null;
  readonly p95Ratio: number | null;
  readonly p99Ratio: number | null;
  /** Quantiles in ms, exact to a bucket of 2%; null where the arm answered nothing. */
  readonly canary: Quantiles;
  readonly baseline: Quantiles;
}

export interface Quantiles {
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

/** A baseline without an error counts as one with half an error, so that the ratio stays finite. */
const LEAST_ERRORS = 0.5;

export function effectsOf({ canary, baseline }: WindowSums, windowMs: number): Effects {
  const slow = quantilesOf(canary);
  const usual = quantilesOf(baseline);
  return {
    windowMs,
    errorRatio: errorRatio(canary, baseline),
    p95Ratio: ratio(slow.p95Ms, usual.p95Ms),
    p99Ratio: ratio(slow.p99Ms, usual.p99Ms),
    canary: slow,
    baseline: usual,
  };
}

/** Whether the difference is large enough to matter to anybody. */
export const matters = (effects: Effects, gates: EffectGates): boolean =>
  (effects.errorRatio ?? 0) >= gates.errorRatio ||
  (effects.p95Ratio ?? 0) >= gates.p95Ratio ||
  (effects.p99Ratio ?? 0) >= gates.p99Ratio;

function errorRatio(canary: WindowArm, baseline: WindowArm): number | null {
  if (canary.requests === 0 || baseline.requests === 0) return null;
  const usual = Math.max(LEAST_ERRORS, baseline.errors) / baseline.requests;
  return canary.errors / canary.requests / usual;
}

const ratio = (a: number | null, b: number | null) => (a === null || b === null ? null : a / b);

function quantilesOf({ latency }: WindowArm): Quantiles {
  if (countFrom(latency, 0) === 0) return { p95Ms: null, p99Ms: null };
  return { p95Ms: quantile(latency, 0.95), p99Ms: quantile(latency, 0.99) };
}
