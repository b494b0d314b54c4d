import { createDispersion, type InstanceHistory } from '../sequential/dispersion.ts';
import { LEAST_WARM_UP_MS, type JudgeSettings } from '../settings.ts';
import type { Stream } from './detection.ts';

/** Present traffic of an application, as a plan takes it to go on. */
export interface PresentTraffic {
  readonly requestsPerSecond: number;
  /** Share of requests that fail on the stable version. */
  readonly errorRate: number;
  /** How much more its errors vary than independent ones would; 1 where that is not known. */
  readonly phi: number;
}

/** What evidence would be divided by after this history of equal instances. */
export const phiOf = (history: InstanceHistory): number => createDispersion(0, history).phi;

export interface PlanRequest {
  /** The largest number of user requests that may meet a bad version. */
  readonly budget: number;
  readonly traffic: PresentTraffic;
  /** How the rollout will be judged; plans are for the sequential judge. */
  readonly settings: JudgeSettings;
  /** The largest part of the traffic that the canary's instances can carry beside the stable ones, between 0 and 1. */
  readonly largestShare: number;
  /** No step lasts longer; what needs more is not decided at this traffic. */
  readonly longestStepMs: number;
  /** From the tick that shows harm to the last request on the canary. */
  readonly reactionMs: number;
  /** The last step, at all of the traffic, is watched for this long. */
  readonly lastStepMs: number;
}

export const DEFAULT_LIMITS = {
  // Exposure that rollout.md allows while nothing is certified.
  largestShare: 0.5,
  longestStepMs: 24 * 3_600_000,
  reactionMs: 5000,
  lastStepMs: 5 * 60_000,
} as const;

/** An error rate below this cannot be told from none; plans are made as if it were this. */
export const LEAST_ERROR_RATE = 0.0005;

/** What the judge works on while the canary has `share` of the traffic. */
export const streamAt = ({ traffic, settings }: PlanRequest, share: number): Stream => ({
  requestsPerSecond: traffic.requestsPerSecond,
  share,
  errorRate: Math.max(LEAST_ERROR_RATE, traffic.errorRate),
  phi: traffic.phi,
  needed: neededFromErrors(settings),
});

/**
 * The E of the error ratio at which the combined evidence `(.5 E_err + .3 E_lat + .2 E_crash) / (weights of what is measured)` reaches
 * `1 / alpha` while latency and crashes say nothing.
 */
function neededFromErrors({ alpha, latency, limits }: JudgeSettings): number {
  const weights = 0.5 + (latency ? 0.3 : 0) + (limits.crashesPerMinute === undefined ? 0 : 0.2);
  return weights / 0.5 / alpha;
}

export const warmUpOf = ({ settings }: PlanRequest): number =>
  settings.warmUpMs === 'auto' ? LEAST_WARM_UP_MS : settings.warmUpMs;
