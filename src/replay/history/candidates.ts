import type { CanaryStep, Plan } from '../../core/plan.ts';
import { minutes } from '../../core/time.ts';
import { weightOf } from '../../core/weights.ts';

/** A policy that is tried on the past. */
export interface Candidate {
  readonly name: string;
  /** As it would be written below `canary:`; null = what is configured already. */
  readonly written: string | null;
  readonly plan: Plan;
}

const steps = (weights: readonly number[], length: number): readonly CanaryStep[] =>
  weights.map((weight) => ({
    weight: weightOf(weight),
    minimum: minutes(length),
    maximum: minutes(2 * length),
  }));

/** The configured policy, and others that differ from it in how far and how fast they go and in who judges. */
export function candidatesFor(configured: Plan): readonly Candidate[] {
  const plan: Plan = { ...configured, strategy: 'canary' };
  const sequential: Plan = { ...plan, analysis: { ...plan.analysis, judge: 'sequential' } };
  const timed = (weights: readonly number[], length: number): Candidate => ({
    name: `${weights.join('-')}, ${length} min each`,
    written: `{ increment_steps: [${weights.join(', ')}], step_duration: ${length}m }`,
    plan: { ...sequential, pace: 'time', steps: steps(weights, length) },
  });
  return [
    { name: 'as configured', written: null, plan },
    {
      name: '1-10-50-100 at the pace of the evidence',
      written: '{ increment_steps: [1, 10, 50, 100], step_duration: 10m, pace: evidence }',
      plan: { ...sequential, pace: 'evidence', steps: steps([1, 10, 50, 100], 10) },
    },
    timed([1, 10, 50, 100], 5),
    timed([5, 25, 100], 10),
    timed([10, 50, 100], 15),
    {
      name: 'as configured, thresholds taken literally',
      written: '{ judge: fixed }',
      plan: { ...plan, pace: 'time', analysis: { ...plan.analysis, judge: 'fixed' } },
    },
  ];
}
