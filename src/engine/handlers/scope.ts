import type { Deployment } from '../../core/deployment.ts';
import type { Effect } from '../../core/effects.ts';
import type { LaneId, RevisionDigest } from '../../core/ids.ts';
import type { Outcome } from '../../core/input.ts';
import type { PresentTraffic } from '../../judge/index.ts';
import type { Endpoint } from '../../ports/traffic.ts';
import type { World } from '../world.ts';

/** Effects that are work; timers only come back. */
export type WorkKind = Exclude<Effect['kind'], 'timer'>;
export type EffectOf<Kind extends WorkKind> = Extract<Effect, { readonly kind: Kind }>;
export type ResultOf<Kind extends WorkKind> = Extract<Outcome, { readonly effect: Kind }>['result'];

/** What a handler acts for, and with. */
export interface Scope {
  readonly world: World;
  readonly lane: LaneId;
  readonly deployment: Deployment;
  /** Larger than that of every claim before. */
  readonly fence: number;
  /** Aborted when the effect's time is over or it was called off. */
  readonly signal: AbortSignal;
  readonly lastReady: LastReady;
  /** What the version that serves has to do at present; null where that is not known. */
  readonly presentTraffic: () => PresentTraffic | null;
}

/** Where instances of a revision of this lane were ready when somebody looked a moment ago; none where nobody looked lately. */
export type LastReady = (revision: RevisionDigest) => readonly Endpoint[];

/**
 * Does one effect. It may be called again with the same effect at any time, so it looks at what is there first.
 * What it throws is tried again; a result that is not `ok` is final.
 */
export type EffectHandler<Kind extends WorkKind> = (
  effect: EffectOf<Kind>,
  scope: Scope,
) => Promise<ResultOf<Kind>>;
