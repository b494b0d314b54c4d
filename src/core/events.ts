import type { GateOutcome, Request, ResponseName, VerdictName } from './deployment.ts';
import type { DeploymentId, EffectKey, LaneId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Plan, PlannedSteps } from './plan.ts';
import type { PreflightCheck } from './input.ts';
import type { Revision } from './release.ts';
import type { Duration, Instant } from './time.ts';
import type { Weight } from './weights.ts';

/**
 * The facts that are recorded, in the order in which they became true. State is the fold of these and of nothing
 * else; audit, notifications, timelines and figures are derived from them.
 */
export type LaneEvent = { readonly at: Instant; readonly actor: string } & (
  DeploymentEvent | EnvironmentEvent
);

/** `key` names the effect that the event sets off. */
export type DeploymentEvent = { readonly deployment: DeploymentId } & (
  | {
      readonly type: 'deployment.requested';
      readonly lane: LaneId;
      readonly kind: 'release' | 'rollback';
      readonly request: Request;
      readonly plan: Plan;
    }
  | { readonly type: 'deployment.validating'; readonly key: EffectKey | null }
  | { readonly type: 'preflight.passed'; readonly checks: readonly PreflightCheck[] }
  | { readonly type: 'deployment.building'; readonly key: EffectKey | null }
  | { readonly type: 'release.built'; readonly revision: Revision }
  | { readonly type: 'deployment.testing' }
  | { readonly type: 'gate.started'; readonly gate: string; readonly key: EffectKey }
  | {
      readonly type: 'gate.passed' | 'gate.warned' | 'gate.failed';
      readonly gate: string;
      readonly outcome: GateOutcome;
    }
  | { readonly type: 'deployment.awaiting_approval' }
  | { readonly type: 'approval.expired' }
  | { readonly type: 'deployment.approved' }
  | { readonly type: 'deployment.started'; readonly previous: Revision | null; readonly key: EffectKey }
  /** The steps that keep to the risk budget at the present traffic. */
  | ({ readonly type: 'canary.planned' } & PlannedSteps)
  | { readonly type: 'instances.starting'; readonly count: number; readonly key: EffectKey }
  | { readonly type: 'instances.ready'; readonly count: number }
  | { readonly type: 'canary.step'; readonly step: number; readonly weight: Weight }
  /** Back to the smallest step with traffic, `from` the share that was confirmed last. `key`: the shift. */
  | {
      readonly type: 'canary.retreated';
      readonly step: number;
      readonly from: Weight;
      readonly weight: Weight;
      readonly reason: string;
      readonly key: EffectKey;
    }
  | { readonly type: 'traffic.shifting'; readonly weight: Weight; readonly key: EffectKey }
  /** The traffic provider has confirmed the weight. */
  | { readonly type: 'traffic.shifted'; readonly weight: Weight }
  | {
      readonly type: 'verdict.changed';
      readonly step: number;
      readonly verdict: VerdictName;
      readonly rule: string;
      readonly response: ResponseName | null;
      readonly reason: string;
      readonly record: JsonObject;
    }
  | { readonly type: 'deployment.verifying'; readonly key: EffectKey }
  | { readonly type: 'deployment.live'; readonly revision: Revision }
  | {
      readonly type: 'degradation.found';
      readonly check: string;
      readonly reason: string;
      readonly record: JsonObject;
    }
  | { readonly type: 'deployment.paused'; readonly reason: string }
  | { readonly type: 'deployment.resumed' }
  /** `key`: the shift of all traffic to `to`. `event`: the trigger event that asked for it, if one did. */
  | {
      readonly type: 'rollback.started';
      readonly to: Revision | null;
      readonly cause: string;
      readonly event: string | null;
      readonly key: EffectKey;
    }
  /** Nobody was there when its time ran out: what is under way gets its time anew. */
  | { readonly type: 'rollback.resumed'; readonly unwatched: Duration }
  | { readonly type: 'rollback.attempt_failed'; readonly attempt: number; readonly reason: string }
  /** `key`: the start of the instances of `to`. */
  | {
      readonly type: 'rollback.retried';
      readonly attempt: number;
      readonly fallback: boolean;
      readonly to: Revision | null;
      readonly key: EffectKey;
    }
  | { readonly type: 'rollback.restored'; readonly key: EffectKey }
  /** No traffic reaches the rolled-back revision from here on. */
  | { readonly type: 'rollback.traffic_zero'; readonly key: EffectKey }
  | { readonly type: 'rollback.completed'; readonly to: Revision | null }
  | { readonly type: 'instances.retiring'; readonly key: EffectKey }
  | { readonly type: 'deployment.completed'; readonly soakComplete: boolean; readonly revision: Revision }
  | { readonly type: 'deployment.failed'; readonly reason: string; readonly rolledBack: boolean | null }
  | { readonly type: 'deployment.rejected'; readonly reason: string }
);

export type EnvironmentEvent =
  | { readonly type: 'environment.locked'; readonly reason: string }
  | { readonly type: 'environment.unlocked'; readonly reason: string }
  | {
      readonly type: 'incident.opened';
      readonly level: 'P0';
      readonly deployment: DeploymentId;
      readonly reason: string;
    };

export type LaneEventType = LaneEvent['type'];
