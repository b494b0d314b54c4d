import type { DeploymentId, EffectKey } from './ids.ts';
import type { Revision } from './release.ts';
import type { Instant } from './time.ts';
import type { Weight } from './weights.ts';

/**
 * What the core wants done in the world. Each is data with a key that names it for ever, and may be repeated without
 * harm. `deadline`: when the runner gives up and reports a failure.
 */
export type Effect = EffectBase &
  (
    | { readonly kind: 'preflight' }
    | { readonly kind: 'build' }
    | { readonly kind: 'gate'; readonly gate: string }
    /** Lays the revision's files out where it will run. */
    | { readonly kind: 'prepare'; readonly revision: Revision }
    /** Makes sure that `count` instances of the revision run and are healthy. */
    | { readonly kind: 'start'; readonly revision: Revision; readonly count: number }
    /** Splits the traffic; `canary` null = all of it to stable; both null = withdrawn. */
    | { readonly kind: 'shift'; readonly stable: Revision | null; readonly canary: CanaryShare | null }
    /** Post-deployment checks of what now carries all of the traffic. */
    | { readonly kind: 'verify'; readonly revision: Revision }
    /** Splits the traffic likewise, then ends every instance of any other revision once its requests have ended. */
    | { readonly kind: 'retire'; readonly stable: Revision | null; readonly canary: CanaryShare | null }
    /** Comes back as a `timer` input at `at`. */
    | { readonly kind: 'timer'; readonly timer: TimerName; readonly at: Instant }
  );

interface EffectBase {
  readonly key: EffectKey;
  readonly deployment: DeploymentId;
  readonly deadline: Instant;
}

export interface CanaryShare {
  readonly revision: Revision;
  readonly weight: Weight;
}

/** A timer only says "look at the clock": what is due is in the deployment's state, so an old one does nothing. */
export type TimerName =
  | 'deadline' // of the present state
  | 'step_minimum'
  | 'step_maximum'
  | 'pause' // the longest a pause may last
  | 'soak' // the end of monitoring
  | 'to_zero'; // a rollback attempt that has not moved the traffic
