import type { TimerName } from './effects.ts';
import type { DeploymentId, EffectKey, LaneId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Plan } from './plan.ts';
import type { Revision } from './release.ts';
import type { Instant } from './time.ts';
import type { Weight } from './weights.ts';

/** One run of one revision towards one environment. */
export interface Deployment {
  readonly id: DeploymentId;
  readonly lane: LaneId;
  readonly kind: 'release' | 'rollback';
  readonly request: Request;
  readonly plan: Plan;
  readonly requestedAt: Instant;
  readonly status: Status;
  /** When the present state was entered. */
  readonly since: Instant;
  /** Known once it is built. */
  readonly revision: Revision | null;
  /** What carried the traffic when `deploying` began: the way back. */
  readonly previous: Revision | null;
  /** The trigger event that asked for its end: asked again, it is answered already. */
  readonly abortedBy: string | null;
  readonly gates: Readonly<Record<string, GateOutcome>>;
  readonly paused: Pause | null;
  /** How many effects were asked for so far: makes their keys unique. */
  readonly effects: number;
  /** What happens by itself, and when. */
  readonly due: Readonly<Partial<Record<TimerName, Instant>>>;
}

/** Who asked for what. */
export interface Request {
  /** The trigger event that asked for it. */
  readonly event: string;
  readonly trigger: 'push' | 'pr' | 'tag' | 'manual' | 'schedule' | 'webhook';
  readonly actor: string;
  readonly ref: string | null;
  /** `''` when deployed from a plain folder. */
  readonly commit: string;
  readonly version: string | null;
  readonly reason: string | null;
  readonly retryOf: DeploymentId | null;
  /** For a rollback: the revision to return to. */
  readonly revision: Revision | null;
  /** A rollback's: skips pre-flight and freezes. */
  readonly emergency: boolean;
}

export interface GateOutcome {
  readonly verdict: 'pass' | 'warn' | 'fail';
  readonly reason: string;
  readonly figures: JsonObject;
  /** Where its output is kept. */
  readonly evidence: string | null;
}

export interface Pause {
  readonly since: Instant;
  readonly by: string;
  readonly reason: string;
}

/** The states of the lifecycle, each with what only it knows. */
export type Status =
  | { readonly state: 'pending' }
  | { readonly state: 'validating'; readonly expects: EffectKey | null }
  | { readonly state: 'building'; readonly expects: EffectKey | null }
  | { readonly state: 'testing'; readonly running: Readonly<Record<string, EffectKey>> }
  | { readonly state: 'approval' }
  | { readonly state: 'expired' }
  | { readonly state: 'approved' }
  | { readonly state: 'deploying'; readonly rollout: Rollout }
  | { readonly state: 'verifying'; readonly rollout: Rollout }
  | { readonly state: 'monitoring'; readonly rollout: Rollout; readonly liveSince: Instant }
  | { readonly state: 'rolling_back'; readonly rollback: Rollback }
  | { readonly state: 'completed'; readonly soakComplete: boolean }
  | { readonly state: 'failed'; readonly reason: string; readonly rolledBack: boolean | null }
  | { readonly state: 'rejected'; readonly reason: string };

export type StateName = Status['state'];

/** How far the new revision has come. At most one effect is under way; `expects` is its key. */
export interface Rollout {
  readonly phase: 'preparing' | 'starting' | 'shifting' | 'retreating' | 'watching' | 'verifying';
  readonly expects: EffectKey | null;
  /** Index into the plan's steps. */
  readonly step: number;
  /** The canary's share as last confirmed by the traffic provider. */
  readonly weight: Weight;
  /** Ready instances of the new revision. */
  readonly instances: number;
  /** When its first instance was ready; the warm-up counts from here. */
  readonly startedAt: Instant | null;
  /** When the present step's weight was confirmed. */
  readonly shiftedAt: Instant | null;
  readonly verdict: VerdictName | null;
  /** The judge's rule behind the verdict. */
  readonly rule: string | null;
  readonly response: ResponseName | null;
  /** How often it was taken back to its smallest step. */
  readonly retreats: number;
  /** A check failed while nothing might be taken back any more: the soak does not complete by itself. */
  readonly degraded: boolean;
}

export type VerdictName = 'undecided' | 'ok' | 'warning' | 'issue';

/** What an `issue` asks for: the smallest step while judging goes on, or the previous version. Other verdicts ask for nothing. */
export type ResponseName = 'retreat' | 'rollback';

/** A way back under way. Traffic goes first; instances follow. */
export interface Rollback {
  readonly phase: 'restoring' | 'shifting' | 'retiring';
  readonly expects: EffectKey | null;
  /** 1 for the first. */
  readonly attempt: number;
  /** Whether the attempts at the previous revision are used up and the fallback is tried. */
  readonly fallback: boolean;
  /** Where to; null = the first release is withdrawn. */
  readonly to: Revision | null;
  readonly cause: string;
  readonly startedAt: Instant;
  readonly zeroAt: Instant | null;
  /** How often its time was given anew, since nobody was there when it ran out; none = never. */
  readonly resumed?: number;
}

export const isTerminal = (state: StateName): boolean =>
  state === 'completed' || state === 'failed' || state === 'rejected';

/** Invariant 1: at most one deployment of a lane is in one of these. */
export const isActive = (state: StateName): boolean =>
  state === 'deploying' || state === 'verifying' || state === 'rolling_back';
