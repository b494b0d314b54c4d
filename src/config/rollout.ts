import type { AnalysisPlan, CanaryStep, HealthPlan, Plan } from '../core/plan.ts';
import { milliseconds, type Duration } from '../core/time.ts';
import { ALL, weightOf } from '../core/weights.ts';
import * as defaults from './defaults.ts';
import type { EnvironmentInput, FileInput, SharedInput } from './vocabulary/spillway.ts';

type Canary = NonNullable<SharedInput['canary']>;
type Health = NonNullable<SharedInput['health']>;
type Triggers = NonNullable<SharedInput['automatic_rollback_triggers']>;
export type Level = NonNullable<EnvironmentInput['monitoring']>;

/** What the file says at the top, under what the environment says: map by map, key by key. */
export function overlay<Value extends object>(
  above: Value | undefined,
  own: Value | undefined,
): Partial<Value> {
  return { ...above, ...own };
}

/** A canary where one is configured, and in production; elsewhere in place. */
export function strategyOf(name: string, file: SharedInput, own: SharedInput): Plan['strategy'] {
  const configured = own.strategy ?? (own.canary ? 'canary' : file.strategy);
  return configured ?? (file.canary || name === 'production' ? 'canary' : 'immediate');
}

/**
 * The steps in order, the last one everything. A step with one time is watched for that long at least, and twice as
 * long at most. Without `increment_steps`, `initial_percentage` is followed by those of 1, 10, 50, 100 that are larger.
 */
export function canarySteps(canary: Partial<Canary>): CanaryStep[] {
  const first = canary.initial_percentage;
  const listed = canary.increment_steps ?? defaults.STEPS.filter((weight) => weight > (first ?? 0));
  const minimum = canary.step_duration ?? defaults.STEP_DURATION;
  const steps = listed.map((step) =>
    typeof step === 'number'
      ? timed(step, minimum, undefined)
      : timed(step.weight, step.min ?? minimum, step.max),
  );
  if (first !== undefined && steps[0]?.weight !== weightOf(first))
    steps.unshift(timed(first, minimum, undefined));
  if (steps.at(-1)?.weight !== ALL) steps.push(timed(100, minimum, undefined));
  return steps;
}

/** @returns nothing where none is configured, or nothing is split */
export const riskBudgetOf = (
  strategy: Plan['strategy'],
  { risk_budget: riskBudget }: Partial<Canary>,
): Pick<Plan, 'riskBudget'> => (strategy === 'canary' && riskBudget !== undefined ? { riskBudget } : {});

const timed = (percent: number, minimum: Duration, maximum: Duration | undefined): CanaryStep => ({
  weight: weightOf(percent),
  minimum,
  maximum: maximum ?? milliseconds(2 * minimum),
});

export const immediateStep = (): CanaryStep => ({
  weight: ALL,
  minimum: milliseconds(0),
  maximum: defaults.IMMEDIATE_WATCH,
});

/** The environment's triggers over the file's, group by group. */
export const triggersOf = (file: FileInput, own: EnvironmentInput): Triggers => {
  const [above, below] = [file.automatic_rollback_triggers, own.automatic_rollback_triggers];
  return {
    health_checks: overlay(above?.health_checks, below?.health_checks),
    error_rate: overlay(above?.error_rate, below?.error_rate),
    latency: overlay(above?.latency, below?.latency),
    crash_rate: overlay(above?.crash_rate, below?.crash_rate),
    canary_failure: overlay(above?.canary_failure, below?.canary_failure),
  };
};

/** `basic` watches health only, `standard` also errors and latency, `full` also crashes. */
export function analysisOf(level: Level, canary: Partial<Canary>, triggers: Triggers): AnalysisPlan {
  const watched = level !== 'basic';
  const limits = [canary.rollback_threshold, triggers.error_rate?.threshold].filter(
    (limit) => limit !== undefined,
  );
  const errorRate = limits.length > 0 ? Math.min(...limits) / 100 : defaults.ERROR_RATE;
  const increase = triggers.canary_failure?.error_rate_increase;
  return {
    judge: canary.judge ?? 'sequential',
    stages: canary.stages ?? defaults.STAGES,
    certificate: canary.certificate ?? 'standard',
    baseline: canary.baseline ?? 'stable',
    alpha: canary.alpha ?? defaults.ALPHA,
    warmUp: canary.warm_up ?? 'auto',
    errorRate: watched ? errorRate : null,
    aboveBaseline: triggers.error_rate?.comparison === 'baseline',
    p95: (watched ? triggers.latency?.p95_threshold : undefined) ?? null,
    p99: (watched ? triggers.latency?.p99_threshold : undefined) ?? null,
    errorRateIncrease: increase === undefined ? defaults.ERROR_RATE_INCREASE : 1 + increase / 100,
    errorDifference: increase === undefined ? defaults.ERROR_DIFFERENCE : null,
    crashRate: level === 'full' ? (triggers.crash_rate?.threshold ?? defaults.CRASH_RATE) : null,
    window: triggers.error_rate?.window ?? triggers.latency?.window ?? defaults.WINDOW,
    crashWindow: triggers.crash_rate?.window ?? defaults.CRASH_WINDOW,
    compare: watched,
    ...checksOf(canary),
  };
}

function checksOf({ checks }: Partial<Canary>): Pick<AnalysisPlan, 'checks'> {
  if (checks === undefined) return {};
  const named = {
    interval: checks.interval,
    failureLimit: checks.failure_limit,
    failures: checks.failures,
    missingLimit: checks.missing_limit,
    inconclusiveLimit: checks.inconclusive_limit,
    passes: checks.passes,
    pass: checks.pass,
    marginal: checks.marginal,
  };
  const given = Object.entries(named).filter(([, value]) => value !== undefined);
  return { checks: Object.fromEntries(given) };
}

export const healthPlanOf = (health: Partial<Health>, triggers: Triggers): HealthPlan => ({
  interval: health.interval ?? triggers.health_checks?.check_interval ?? defaults.CHECK_INTERVAL,
  consecutiveFailures:
    health.unhealthy_threshold ??
    triggers.health_checks?.consecutive_failures ??
    defaults.CONSECUTIVE_FAILURES,
  startTimeout: triggers.health_checks?.timeout ?? defaults.START_TIMEOUT,
});
