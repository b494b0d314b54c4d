import { SpillwayError } from '../core/errors.ts';
import { riskPlan } from '../engine/risk-plan.ts';
import type { PresentTraffic } from '../judge/index.ts';
import { wholeNumber, type Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readPolicy, type Policy } from './project.ts';
import { riskPlanLines } from './render/risk-plan.ts';
import { nameOf } from './select.ts';

export interface PlanOptions {
  readonly config: string;
  readonly env?: string;
  readonly riskBudget?: string;
  readonly requestsPerSecond?: string;
  readonly errorRate?: string;
}

/** The steps that keep to a risk budget: at the traffic that is given, else at what the server counts at present. */
export async function planCanary(
  context: Context,
  application: string | undefined,
  options: PlanOptions,
): Promise<ExitCode> {
  const policy = await readPolicy(context, options.config, options.env);
  if (application !== undefined && application !== policy.lane.application)
    throw new SpillwayError('not_found', `${options.config} is of ${policy.lane.application}`, {
      where: application,
      hint: 'Name its configuration: --config FILE',
    });
  const budget = budgetOf(policy, options);
  const traffic = given(options) ?? (await present(context, policy));
  const plan = riskPlan(policy.plan, budget, traffic);
  await context.show({ lane: policy.lane, ...plan }, () => riskPlanLines(nameOf(policy.lane), plan));
  return EXIT.ok;
}

function budgetOf({ plan }: Policy, { riskBudget }: PlanOptions): number {
  if (riskBudget !== undefined) return wholeNumber(riskBudget, '--risk-budget', 1, 1_000_000_000);
  if (plan.riskBudget !== undefined) return plan.riskBudget;
  throw new SpillwayError('config_invalid', 'there is no risk budget to plan with', {
    where: 'canary.risk_budget',
    hint: 'Write one into the configuration, or try one: --risk-budget 500',
  });
}

function given({ requestsPerSecond, errorRate }: PlanOptions): PresentTraffic | undefined {
  if (requestsPerSecond === undefined) {
    if (errorRate === undefined) return undefined;
    throw new SpillwayError('config_invalid', '--error-rate goes with --requests-per-second', {
      where: '--error-rate',
    });
  }
  const rate = Number(requestsPerSecond);
  if (!(rate > 0 && rate < 1e9))
    throw new SpillwayError(
      'config_invalid',
      `--requests-per-second is a number above 0, not "${requestsPerSecond}"`,
      { where: '--requests-per-second' },
    );
  const percent = Number((errorRate ?? '0').replace(/%$/, ''));
  if (!(percent >= 0 && percent < 100))
    throw new SpillwayError('config_invalid', `--error-rate is a percentage, not "${errorRate}"`, {
      where: '--error-rate',
    });
  return { requestsPerSecond: rate, errorRate: percent / 100, phi: 1 };
}

async function present(context: Context, { lane }: Policy): Promise<PresentTraffic> {
  const { traffic } = await context
    .client()
    .get<{ readonly traffic: PresentTraffic | null }>(
      `/api/v1/lanes/${lane.application}/${lane.environment}/traffic`,
    );
  if (traffic !== null) return traffic;
  throw new SpillwayError('not_found', 'the present traffic is not known', {
    where: nameOf(lane),
    hint: 'It is after a minute of requests. Or say it: --requests-per-second 200 --error-rate 1',
  });
}
