import type { Deployment, Rollout } from '../core/deployment.ts';
import { ALL, NONE, type Weight } from '../core/weights.ts';

/** Whether a canary is compared with instances of the stable version that were started with its own. */
export const hasFreshBaseline = ({ plan, previous, kind }: Deployment): boolean =>
  plan.analysis.baseline === 'fresh' &&
  plan.analysis.compare &&
  plan.strategy === 'canary' &&
  kind === 'release' &&
  previous !== null;

/** The share of a fresh baseline beside the canary's: the same, as far as there is traffic left. */
export function baselineShare(deployment: Deployment, canary: Weight): Weight {
  if (canary === NONE || !hasFreshBaseline(deployment)) return NONE;
  return Math.min(canary, ALL - canary) as Weight;
}

/** Whether a fresh baseline is there beside the canary: also without traffic, so that both are of one age when they get some. */
export const baselineRuns = (deployment: Deployment, canary: Weight): boolean =>
  hasFreshBaseline(deployment) && canary < ALL;

/**
 * How many instances of a fresh baseline there may be; null while that is about to change, and nobody but the effect under way starts
 * or ends any.
 */
export function baselineCount(deployment: Deployment, { phase, weight, instances }: Rollout): number | null {
  if (!hasFreshBaseline(deployment)) return 0;
  if (phase !== 'watching' && phase !== 'verifying') return null;
  return baselineRuns(deployment, weight) ? instances : 0;
}
