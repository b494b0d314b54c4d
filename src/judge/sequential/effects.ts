import { bucketEdge, rankOf } from '../histogram.ts';
import type { EffectGates } from '../settings.ts';
import type { Window, WindowArm } from './window.ts';

/** How large the difference is that was seen over the window. Ratios canary / baseline; null where an arm has no data. */
export interface Effects {
  readonly windowMs: number;
  readonly errorRatio: number | null;
  /** canary - baseline, in share of requests. */
  readonly errorDifference: number | null;
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

export function effectsOf({ canary, baseline, lengthMs }: Window): Effects {
  const slow = quantilesOf(canary);
  const usual = quantilesOf(baseline);
  return {
    windowMs: lengthMs,
    errorRatio: errorRatio(canary, baseline),
    errorDifference: errorDifference(canary, baseline),
    p95Ratio: ratio(slow.p95Ms, usual.p95Ms),
    p99Ratio: ratio(slow.p99Ms, usual.p99Ms),
    canary: slow,
    baseline: usual,
  };
}

/** Whether the difference is large enough to matter to anybody. */
export const matters = (effects: Effects, gates: EffectGates): boolean =>
  (effects.errorRatio ?? 0) >= gates.errorRatio ||
  (effects.errorDifference ?? 0) >= (gates.errorDifference ?? Infinity) ||
  (effects.p95Ratio ?? 0) >= gates.p95Ratio ||
  (effects.p99Ratio ?? 0) >= gates.p99Ratio;

function errorRatio(canary: WindowArm, baseline: WindowArm): number | null {
  if (canary.requests === 0 || baseline.requests === 0) return null;
  const usual = Math.max(LEAST_ERRORS, baseline.errors) / baseline.requests;
  return canary.errors / canary.requests / usual;
}

function errorDifference(canary: WindowArm, baseline: WindowArm): number | null {
  if (canary.requests === 0 || baseline.requests === 0) return null;
  return canary.errors / canary.requests - baseline.errors / baseline.requests;
}

const ratio = (a: number | null, b: number | null) => (a === null || b === null ? null : a / b);

/** Found from the slow end, where there is little to look at. */
function quantilesOf({ latency, answers, highest }: WindowArm): Quantiles {
  if (answers === 0) return { p95Ms: null, p99Ms: null };
  const above95 = answers - rankOf(0.95, answers);
  const above99 = answers - rankOf(0.99, answers);
  let seen = 0;
  let bucket = highest + 1;
  while (seen <= above99) seen += latency[--bucket] ?? 0;
  const p99Ms = bucketEdge(bucket + 1);
  while (seen <= above95) seen += latency[--bucket] ?? 0;
  return { p95Ms: bucketEdge(bucket + 1), p99Ms };
}
