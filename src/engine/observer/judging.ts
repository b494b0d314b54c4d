import type { Deployment, Rollout } from '../../core/deployment.ts';
import type { AnalysisPlan, CanaryStep, Plan } from '../../core/plan.ts';
import { minimumOf, needsVerdict, stepsOf } from '../../core/planner.ts';
import { milliseconds, seconds, type Instant } from '../../core/time.ts';
import { ALL } from '../../core/weights.ts';
import {
  DEFAULT_GATES,
  DEFAULT_PLAIN,
  DEFAULT_SETTINGS,
  type AssessmentContext,
  type Finding,
  type JudgeSettings,
  type Limits,
  type PlainSettings,
} from '../../judge/index.ts';
import type { Routing } from '../../ports/traffic.ts';

/** Counts that have not come for this long are missed. */
const STALE_AFTER = seconds(30);
/** With fewer values the Mann-Whitney test cannot tell anything at its 98%. */
const FEWEST_INTERVALS = 5;
/** The judge spreads the onset of a regression over the looks it expects: at least half an hour of them. */
const LEAST_TICKS = 1800;
/** Good enough whatever the stable version's is; the half percentage point that an error rate may lie above it. */
const ACCEPTABLE_ERROR_RATE = 0.005;

/** Not more than 5% of requests slower than this, where the configuration says nothing; not held against it where stable is slower. */
const SLOWEST_P95 = seconds(2);

/** Looks are a second apart. */
const ticksIn = (ms: number) => Math.max(LEAST_TICKS, Math.ceil(ms / 1000));

/** The judge of a deployment, as its plan asks for it. */
export const judgeSettings = (deployment: Deployment): JudgeSettings =>
  settingsOf(deployment.plan, stepsOf(deployment), deployment.previous !== null);

/** @param hasPrevious whether a stable version is there to compare with */
export function settingsOf(plan: Plan, steps: readonly CanaryStep[], hasPrevious: boolean): JudgeSettings {
  const { analysis } = plan;
  // Whoever bets on each tick has nothing left after the last: so it is the last that may be.
  const planned = steps.reduce((sum, step) => sum + step.maximum, 0);
  const watched = planned + plan.deadlines.verifying + plan.soak;
  // Where a stable version is there to keep it: of a first release nobody can say what is slow.
  const p95 = analysis.p95 ?? (analysis.compare && hasPrevious ? SLOWEST_P95 : null);
  const limits: Limits = {
    ...(analysis.errorRate === null ? {} : { errorRate: analysis.errorRate }),
    ...(p95 === null ? {} : { p95Ms: p95 }),
    ...(analysis.p99 === null ? {} : { p99Ms: analysis.p99 }),
    ...(analysis.crashRate === null ? {} : { crashesPerMinute: analysis.crashRate }),
  };
  return {
    ...DEFAULT_SETTINGS,
    rule: analysis.judge,
    stages: analysis.stages,
    certificate: analysis.certificate,
    unit: unitOf(plan),
    alpha: analysis.alpha,
    latency: analysis.compare,
    limits,
    gates: {
      ...DEFAULT_GATES,
      errorRatio: analysis.errorRateIncrease,
      ...(analysis.errorDifference === null ? {} : { errorDifference: analysis.errorDifference }),
      errorLimitAboveBaseline: analysis.aboveBaseline,
    },
    plannedTicks: ticksIn(planned),
    watchedTicks: ticksIn(watched),
    warmUpMs: analysis.warmUp,
    windowMs: analysis.window,
    acceptableErrorRate: ACCEPTABLE_ERROR_RATE,
    plain: plainSettings(analysis, steps),
  };
}

/** What the plain rules ask for. Each step has an analysis of its own at the end of its time. */
function plainSettings(
  { checks = {}, errorRateIncrease, errorDifference }: AnalysisPlan,
  steps: readonly CanaryStep[],
): PlainSettings {
  const { thresholds, consecutive, mannWhitney } = DEFAULT_PLAIN;
  const { interval = DEFAULT_PLAIN.intervalMs, pass, marginal, ...limits } = checks;
  const shortest = Math.min(...steps.filter(({ weight }) => weight < ALL).map(({ minimum }) => minimum));
  const intervals = Math.floor(shortest / interval);
  return {
    intervalMs: interval,
    // A ratio that nobody has configured is the plain rules' own: theirs is compared, not shown.
    thresholds: errorDifference === null ? { ...thresholds, errorRatio: errorRateIncrease } : thresholds,
    consecutive: { ...consecutive, ...limits },
    mannWhitney: {
      ...mannWhitney,
      ...(pass === undefined ? {} : { pass }),
      ...(marginal === undefined ? {} : { marginal }),
      intervalsPerAnalysis: Math.min(
        mannWhitney.intervalsPerAnalysis,
        Math.max(FEWEST_INTERVALS, Number.isFinite(intervals) ? intervals : 0),
      ),
    },
  };
}

/** Traffic that keeps its clients on a version says so in its settings, in the port's form. Metric sources count requests. */
function unitOf(plan: Plan): JudgeSettings['unit'] {
  if (plan.analysis.metrics !== undefined) return 'request';
  const { sticky } = plan.runtime.traffic.settings as unknown as Partial<Pick<Routing, 'sticky'>>;
  return sticky === undefined || sticky.by === 'none' ? 'request' : 'client';
}

/** What the verdict of this moment depends on beside the evidence. */
export function assessmentContext(deployment: Deployment, rollout: Rollout, now: Instant): AssessmentContext {
  const steps = stepsOf(deployment);
  const { since, status } = deployment;
  const step = status.state === 'deploying' ? (steps[rollout.step] ?? LAST) : LAST;
  const concurrent = needsVerdict(deployment, step) && rollout.weight < ALL;
  return {
    now,
    stepStartedAt: rollout.shiftedAt ?? since,
    minStepMs: minimumOf(deployment, step),
    maxStepMs: step.maximum,
    concurrentBaseline: concurrent,
    certificateRequired: concurrent && steps[rollout.step + 1]?.weight === ALL,
    staleAfterMs: deployment.plan.analysis.metrics?.staleAfter ?? STALE_AFTER,
  };
}

/** Whether the core has not heard it. Between two steps only harm is news: anything else would be said of a step that has not begun. */
export function isNews({ verdict, rule, response }: Finding, rollout: Rollout): boolean {
  const settled = rollout.phase === 'watching' || rollout.phase === 'verifying';
  if (!settled && verdict !== 'issue') return false;
  const known = verdict === (rollout.verdict ?? 'undecided') && response === rollout.response;
  return !known || (rule !== rollout.rule && rollout.rule !== null);
}

/** After the last step no step's time runs. */
const LAST: CanaryStep = {
  weight: ALL,
  minimum: milliseconds(0),
  maximum: milliseconds(Number.MAX_SAFE_INTEGER),
};
