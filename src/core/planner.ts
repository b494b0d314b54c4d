import type { Deployment } from './deployment.ts';
import type { CanaryStep } from './plan.ts';
import { milliseconds, minutes, seconds, type Duration } from './time.ts';
import { ALL, NONE, type Weight } from './weights.ts';

/** A change of weights is asked of the provider for this long before it counts as failed. */
export const SHIFT_LIMIT = minutes(1);
/** Likewise for a retreat: one that cannot be done in this time becomes a rollback, which has attempts of its own. */
export const RETREAT_LIMIT = seconds(20);
/**
 * So often a canary may retreat; harm that is shown once more takes it back altogether. Each walk up meets users anew, and
 * evidence that came back twice is no accident.
 */
export const MOST_RETREATS = 2;
/** What is no longer needed gets this long to finish its requests and to end. */
export const RETIRE_LIMIT = minutes(10);

/**
 * The steps that this deployment really takes. Without a version to compare with (the first release), and on the way
 * back, there is nothing to split: one step takes it all.
 */
export function stepsOf(deployment: Deployment): readonly CanaryStep[] {
  const { plan, previous, kind } = deployment;
  if (plan.strategy === 'canary' && previous !== null && kind === 'release') return plan.steps;
  return [{ weight: ALL, minimum: milliseconds(0), maximum: plan.deadlines.deploying }];
}

/**
 * Where a retreat leads: the smallest step with traffic, since without any nothing can be judged. null where no step is smaller
 * than all of the traffic.
 */
export function homeStep(deployment: Deployment): number | null {
  const home = stepsOf(deployment).findIndex(({ weight }) => weight > NONE && weight < ALL);
  return home === -1 ? null : home;
}

/** Whether a step ends on the judge's word, or as soon as its weight is confirmed and its minimum is over. */
export function needsVerdict(deployment: Deployment, step: CanaryStep): boolean {
  const concurrent = deployment.previous !== null && deployment.kind === 'release';
  return (
    deployment.plan.strategy === 'canary' && concurrent && step.weight > 0 && deployment.plan.analysis.compare
  );
}

/** At `pace: evidence` a step is looked at this long at least: a few looks at its own traffic. */
const EVIDENCE_MINIMUM = seconds(10);

/** How long a step lasts at least. Where the judge sets the pace, its word ends the step, and the step's times are limits. */
export function minimumOf(deployment: Deployment, step: CanaryStep): Duration {
  const judged = deployment.plan.pace === 'evidence' && needsVerdict(deployment, step);
  return judged ? milliseconds(Math.min(step.minimum, EVIDENCE_MINIMUM)) : step.minimum;
}

/** The judge says what it makes of a step when its time is over; its word is waited for this long. */
const LAST_WORD = seconds(5);

/** When a step without a clear verdict ends one way or another. */
export const stepLimit = (step: CanaryStep): Duration => milliseconds(step.maximum + LAST_WORD);

/** Instances that a share of the traffic needs when `instances` carry all of it: never less than one. */
export const instancesFor = (weight: Weight, instances: number): number =>
  Math.max(1, Math.ceil((weight * instances) / ALL));

/** The longest that `deploying` may last: every step's limit, and the target's own. */
export const deployingLimit = (deployment: Deployment): Duration =>
  milliseconds(
    stepsOf(deployment).reduce((sum, step) => sum + step.maximum, 0) + deployment.plan.deadlines.deploying,
  );
