import type { Served } from '../tick.ts';

/** A rate of failures that a living release may have, unless the baseline's is worse. */
const LIVING = 0.08;
/** What is tested: half of the requests fail. */
const DEAD = 0.5;
/** Fewer errors than these may be one client's bad luck, where each counts once. */
const FEWEST = 5;

/**
 * ln of how much better "half of the requests fail" explains the canary's failures since its start than a living release would, that is
 * one with 8% failures or twice the baseline's rate over the same time. Seven failures in the first twenty requests make 100:1. Every
 * request counts, whatever the unit: a client that is sent back a failing page tries again, and would else hide the harm.
 * @returns null where too few have met errors, or the baseline fails so often itself that this cannot tell
 */
export function deadLogE(canary: Readonly<Served>, baseline: Readonly<Served>): number | null {
  const baselineRate = baseline.requests === 0 ? 0 : baseline.failures / baseline.requests;
  const living = Math.max(LIVING, 2 * baselineRate);
  if (canary.errors < FEWEST || living >= DEAD) return null;
  const answered = canary.requests - canary.failures;
  return canary.failures * Math.log(DEAD / living) + answered * Math.log((1 - DEAD) / (1 - living));
}
