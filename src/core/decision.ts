import type { Effect } from './effects.ts';
import type { LaneEvent } from './events.ts';
import type { DeploymentId } from './ids.ts';

/** What follows from an input: all of it is to be persisted in one transaction before any effect starts. */
export interface Decision {
  readonly events: readonly LaneEvent[];
  readonly effects: readonly Effect[];
  /** Deployments whose open effects and timers are called off before `effects` are queued. */
  readonly cancel: readonly DeploymentId[];
  /** Why a command was not obeyed; nothing changed then. */
  readonly refused: Refusal | null;
}

export interface Refusal {
  readonly code: 'conflict' | 'not_found' | 'not_permitted';
  readonly reason: string;
}
