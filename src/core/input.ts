import type { GateOutcome, Request, ResponseName, VerdictName } from './deployment.ts';
import type { TimerName } from './effects.ts';
import type { DeploymentId, EffectKey } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Plan, PlannedSteps } from './plan.ts';
import type { Revision } from './release.ts';
import type { Instant } from './time.ts';

/** Everything that can happen to a lane: what people ask, what effects came to, what was observed, what time it is. */
export type Input = { readonly at: Instant; readonly actor: string } & (
  Command | Outcome | Observation | TimerDue
);

export type Command =
  | {
      readonly type: 'request';
      readonly deployment: DeploymentId;
      readonly kind: 'release' | 'rollback';
      readonly request: Request;
      readonly plan: Plan;
    }
  | { readonly type: 'pause'; readonly deployment: DeploymentId; readonly reason: string }
  | { readonly type: 'resume'; readonly deployment: DeploymentId }
  /** To the next step now, or with `full` to all of the traffic. */
  | { readonly type: 'promote'; readonly deployment: DeploymentId; readonly full: boolean }
  /** `event`: names the request where it may come again. */
  | {
      readonly type: 'abort';
      readonly deployment: DeploymentId;
      readonly reason: string;
      readonly event?: string;
    }
  | { readonly type: 'cancel'; readonly deployment: DeploymentId; readonly reason: string }
  | { readonly type: 'unlock'; readonly reason: string };

/** What an effect came to. One whose key nobody expects any more changes nothing. */
export type Outcome = {
  readonly type: 'outcome';
  readonly deployment: DeploymentId;
  readonly key: EffectKey;
} & (
  | { readonly effect: 'preflight'; readonly result: Result<{ readonly checks: readonly PreflightCheck[] }> }
  | {
      readonly effect: 'build';
      readonly result: Result<{ readonly revision: Omit<Revision, 'configuration'> }>;
    }
  | {
      readonly effect: 'gate';
      readonly gate: string;
      readonly result: Result<{ readonly outcome: GateOutcome }>;
    }
  | { readonly effect: 'prepare'; readonly result: Result<{ readonly planned?: PlannedSteps }> }
  | { readonly effect: 'start'; readonly result: Result<{ readonly ready: number }> }
  | { readonly effect: 'shift'; readonly result: Result }
  | { readonly effect: 'verify'; readonly result: Result }
  | { readonly effect: 'retire'; readonly result: Result }
);

export type Result<Value extends object = object> =
  | ({ readonly ok: true } & Value)
  | { readonly ok: false; readonly reason: string; readonly evidence?: JsonObject };

export interface PreflightCheck {
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'not_applicable';
  readonly detail: string;
}

export type Observation =
  /** The judge's opinion of the present step. */
  | {
      readonly type: 'verdict';
      readonly deployment: DeploymentId;
      readonly step: number;
      readonly verdict: VerdictName;
      readonly rule: string;
      readonly response: ResponseName | null;
      readonly reason: string;
      readonly record: JsonObject;
    }
  /** A deterministic check failed: health, crash loop, exit. */
  | {
      readonly type: 'degraded';
      readonly deployment: DeploymentId;
      readonly check: 'health' | 'crash_loop';
      readonly reason: string;
      readonly record: JsonObject;
    };

export interface TimerDue {
  readonly type: 'timer';
  readonly deployment: DeploymentId;
  readonly timer: TimerName;
}
