import type { Totals } from '../tick.ts';

/** A rate of failures that a living release may have, unless the baseline's is worse. */
const LIVING = 0.08;
/** What is tested: half of the requests fail. */
const DEAD = 0.5;
/** Fewer failures than these may be one visitor's bad luck. */
const FEWEST = 5;

/**
 * ln of how much better "half of the requests fail" explains the canary's errors since its start than a living release would, that is
 * one with 8% errors or twice the baseline's rate over the same time. Seven failures in the first twenty requests make 100:1.
 * @returns null where there are too few failures, or the baseline fails so often itself that this cannot tell
 */
export function deadLogE(canary: Readonly<Totals>, baseline: Readonly<Totals>): number | null {
  const baselineRate = baseline.requests === 0 ? 0 : baseline.errors / baseline.requests;
  const living = Math.max(LIVING, 2 * baselineRate);
  if (canary.errors < FEWEST || living >= DEAD) return null;
  const answered = canary.requests - canary.errors;
  return canary.errors * Math.log(DEAD / living) + answered * Math.log((1 - DEAD) / (1 - living));
}
