import type { Database } from 'better-sqlite3';
import type { InstanceId, LaneId } from '../../../src/core/ids.ts';
import type { Routing } from '../../../src/ports/traffic.ts';
import type { Chronicle } from '../chronicle.ts';
import type { Commit } from '../store/sim-store.ts';
import type { Acknowledged } from '../users.ts';
import type { Releases } from '../world/releases.ts';
import type { SimTarget } from '../world/target.ts';
import type { Change, SimTraffic } from '../world/traffic.ts';

/** What an invariant may look at: the account of what was committed, and the world as it really is. */
export interface Watched {
  readonly chronicle: Chronicle;
  readonly db: Database;
  readonly traffic: SimTraffic;
  readonly target: SimTarget;
  readonly releases: Releases;
  readonly violated: (what: string) => void;
}

/** Something that a driver was asked to do beside the traffic. */
export interface Act {
  readonly kind: 'start' | 'build' | 'gate' | 'deliver';
  /** The key that names the effect. */
  readonly key: string;
}

/** When an invariant looks. Each moment is told after it has happened, but for `asked` and `stopping`. */
export interface Checks {
  /** The chronicle has taken the commit already. */
  readonly committed?: (commit: Commit) => void;
  /** The traffic provider is asked; it may refuse. */
  readonly asked?: (routing: Routing, fence: number) => void;
  readonly changed?: (change: Change) => void;
  readonly acted?: (act: Act) => void;
  readonly stopping?: (lane: LaneId, ids: readonly InstanceId[]) => void;
  /** Somebody outside was told that it is so. */
  readonly acknowledged?: (what: Acknowledged) => void;
  /** The audit log as it is written out at the end. @param recorded how many events there were when that began */
  readonly exported?: (lines: readonly string[], recorded: number) => void;
  /** The story is over, faults have ended, and time enough has passed. */
  readonly ended?: () => void;
}

export interface Invariant {
  readonly name: string;
  /** What the specification says. */
  readonly says: string;
  readonly watch: (watched: Watched) => Checks;
}
