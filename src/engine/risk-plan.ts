import type { Deployment } from '../core/deployment.ts';
import type { CanaryStep, Plan, PlannedSteps } from '../core/plan.ts';
import { milliseconds } from '../core/time.ts';
import { ALL, weightOf } from '../core/weights.ts';
import { DEFAULT_LIMITS, planRollout, type PresentTraffic, type RolloutPlan } from '../judge/index.ts';
import { settingsOf } from './observer/judging.ts';
import { asJson } from './tasks.ts';

/** Whether a deployment has a risk budget, and traffic to split. */
export const hasRiskBudget = ({ plan, previous, kind }: Deployment): boolean =>
  plan.riskBudget !== undefined && plan.strategy === 'canary' && previous !== null && kind === 'release';

/** The steps that keep to a deployment's risk budget at the present traffic. @returns undefined where it has no budget, or nothing to split */
export function stepsWithin(
  deployment: Deployment,
  traffic: PresentTraffic | null,
): PlannedSteps | undefined {
  const { plan } = deployment;
  const { riskBudget, steps } = plan;
  if (riskBudget === undefined || !hasRiskBudget(deployment)) return undefined;
  const instead = (why: string): PlannedSteps => ({
    steps,
    reason: `steps as configured or by default, not by the risk budget of ${riskBudget}: ${why}`,
    record: { budget: riskBudget, traffic: traffic === null ? null : asJson(traffic) },
  });
  if (plan.analysis.judge !== 'sequential' || !plan.analysis.compare)
    return instead('only the sequential judge says how soon it decides');
  if (traffic === null) return instead('the present traffic is not known');
  const planned = riskPlan(plan, riskBudget, traffic);
  if (planned.tooLow !== null)
    return instead(`${perSecond(traffic)} requests a second are too few to decide; see spillway canary plan`);
  return {
    steps: planned.steps.map(coreStep),
    reason: `${planned.steps.length} steps, chosen from ${perSecond(traffic)} requests a second and a risk budget of ${riskBudget}`,
    record: { budget: riskBudget, traffic: asJson(traffic), plan: asJson(planned) },
  };
}

/**
 * The plan as the deployment's judge would see it through.
 * @throws RangeError without traffic
 */
export const riskPlan = (plan: Plan, budget: number, traffic: PresentTraffic): RolloutPlan =>
  planRollout({ budget, traffic, settings: settingsOf(plan, plan.steps, true), ...DEFAULT_LIMITS });

const coreStep = ({ share, minMs, maxMs }: RolloutPlan['steps'][number]): CanaryStep => ({
  weight: share === 1 ? ALL : weightOf(Math.round(share * 10_000) / 100),
  minimum: milliseconds(minMs),
  maximum: milliseconds(maxMs),
});

const perSecond = ({ requestsPerSecond }: PresentTraffic) => Number(requestsPerSecond.toPrecision(2));
