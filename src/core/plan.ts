import type { JsonObject } from './json.ts';
import type { Runtime } from './release.ts';
import type { Duration } from './time.ts';
import type { Weight } from './weights.ts';

/**
 * Everything that was configured for one deployment when it was requested. A later change of the configuration does
 * not reach into a deployment that is under way.
 */
export interface Plan {
  readonly strategy: 'immediate' | 'canary';
  /** In order, growing, the last one all of the traffic. */
  readonly steps: readonly CanaryStep[];
  /**
   * The largest number of user requests that may meet a bad version. With it the steps are chosen from the traffic when the rollout
   * starts, and `steps` hold only where that cannot be done.
   */
  readonly riskBudget?: number;
  /** `evidence`: the steps' times are limits, and the judge says when a step ends. */
  readonly pace: 'time' | 'evidence';
  readonly onInconclusive: 'pause' | 'rollback' | 'proceed';
  readonly gates: readonly GatePlan[];
  readonly artifact: ArtifactPlan;
  readonly runtime: Runtime;
  readonly analysis: AnalysisPlan;
  readonly health: HealthPlan;
  readonly rollback: RollbackPlan;
  readonly soak: Duration;
  /** Whether a newer deployment waits for this one's soak, or ends it. */
  readonly duringSoak: 'hold' | 'replace';
  /** A pause that lasts this long rolls back. */
  readonly pauseLimit: Duration;
  readonly deadlines: Deadlines;
}

export interface CanaryStep {
  readonly weight: Weight;
  /** The step is watched at least this long. */
  readonly minimum: Duration;
  /** After this long without a clear verdict, `onInconclusive` says what happens. */
  readonly maximum: Duration;
}

/** Steps that were chosen when the rollout started. */
export interface PlannedSteps {
  readonly steps: readonly CanaryStep[];
  /** Why these, in a sentence. */
  readonly reason: string;
  /** What they were chosen from and what is expected of them. */
  readonly record: JsonObject;
}

export interface GatePlan {
  readonly name: string;
  readonly timeout: Duration;
  readonly onFailure: 'block' | 'warn';
  /** Gates that must have ended first. */
  readonly needs: readonly string[];
  /** Kind of runner, and its settings as its schema wrote them. */
  readonly run: { readonly type: string; readonly settings: JsonObject };
}

export interface ArtifactPlan {
  /** Folder inside the source that is deployed. */
  readonly path: string;
  /** Arguments of the build command; none = the folder is deployed as it is. */
  readonly build: readonly string[] | null;
}

/** Limits as fractions, times in milliseconds. `null` = not asked for. */
export interface AnalysisPlan {
  /** Who compares canary and stable version; the names of the judge's rules. */
  readonly judge: 'sequential' | 'fixed' | 'consecutive' | 'mann_whitney';
  /** 2: harm shown first takes the canary back to its smallest step, and back altogether when it is shown beyond doubt. */
  readonly stages: 1 | 2;
  /** How much evidence of health is asked for before the canary gets all of the traffic. */
  readonly certificate: 'standard' | 'strict';
  /** What the canary is compared with: the stable version as it runs, or as many instances of it started with the canary's. */
  readonly baseline: 'stable' | 'fresh';
  readonly alpha: number;
  /** The start of an arm's life that is left out of the evidence; `auto`: until its first minutes have settled. */
  readonly warmUp: Duration | 'auto';
  /** A canary's share of failed requests that is harm by itself. */
  readonly errorRate: number | null;
  /** Whether that share must also be above the stable version's. */
  readonly aboveBaseline: boolean;
  readonly p95: Duration | null;
  readonly p99: Duration | null;
  /** Smallest relative growth of the error rate that matters: 1.5 = half as much again. */
  readonly errorRateIncrease: number;
  /** Growth in share of requests that matters whatever its ratio; null where the ratio alone decides. */
  readonly errorDifference: number | null;
  /** Crashes per instance and minute. */
  readonly crashRate: number | null;
  /** The effect that goes with the evidence is looked for over this time. */
  readonly window: Duration;
  /** Three crashes of one revision within this time are a loop, whatever the evidence. */
  readonly crashWindow: Duration;
  /** Whether latency and errors are compared with the stable version (`monitoring: standard` and up). */
  readonly compare: boolean;
  /** What the judges `consecutive` and `mann_whitney` go by, where it is not their default. */
  readonly checks?: ChecksPlan;
  /** Who counts requests, errors and latencies; without it whoever carries the traffic. */
  readonly metrics?: MetricsPlan;
}

export interface MetricsPlan {
  readonly type: string;
  /** As the source's schema wrote them. */
  readonly settings: JsonObject;
  /** Counts that have not come for this long are missed. */
  readonly staleAfter: Duration;
}

export interface ChecksPlan {
  readonly interval?: Duration;
  readonly failureLimit?: number;
  readonly failures?: 'in_a_row' | 'in_all';
  readonly missingLimit?: number;
  readonly inconclusiveLimit?: number;
  /** Passed checks that a step needs. */
  readonly passes?: number;
  /** Scores from 0 to 100. */
  readonly pass?: number;
  readonly marginal?: number;
}

export interface HealthPlan {
  readonly interval: Duration;
  readonly consecutiveFailures: number;
  /** To become healthy in all, after the start. */
  readonly startTimeout: Duration;
}

export interface RollbackPlan {
  /** `immediate`: on any failure at once; `on_failure`: until `verifying` ends; `automatic`: also while monitoring. */
  readonly when: 'immediate' | 'on_failure' | 'automatic';
  readonly maxAttempts: number;
  /** From the decision until no traffic is left, per attempt. */
  readonly toZero: Duration;
}

/** How long a state may last. `deploying` and `monitoring` are derived from the steps and the soak. */
export interface Deadlines {
  readonly pending: Duration;
  readonly validating: Duration;
  readonly building: Duration;
  readonly testing: Duration;
  readonly approval: Duration;
  readonly approved: Duration;
  /** Of the target, beside the steps' own limits. */
  readonly deploying: Duration;
  readonly verifying: Duration;
  /** Beside the soak, without data. */
  readonly monitoring: Duration;
  readonly rollingBack: Duration;
}
