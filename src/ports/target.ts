import type { DeploymentId, EffectKey, InstanceId, LaneId, RevisionDigest } from '../core/ids.ts';
import type { Revision } from '../core/release.ts';
import type { Duration, Instant } from '../core/time.ts';
import type { Endpoint } from './traffic.ts';

export interface TargetCapabilities {
  /** Two revisions can run side by side, so that traffic can be split. */
  readonly sideBySide: boolean;
}

export type InstanceHealth = 'starting' | 'healthy' | 'unhealthy';

/** What an instance is there for: to serve, or as one of a fresh set of the stable revision that a canary is compared with. */
export type Role = 'serving' | 'baseline';

export interface ObservedInstance {
  readonly id: InstanceId;
  readonly revision: RevisionDigest;
  /** What it was started for. */
  readonly role: Role;
  readonly endpoint: Endpoint;
  /** Whether its process runs. */
  readonly alive: boolean;
  readonly health: InstanceHealth;
  /** Why it is not healthy, in words: `GET /health answered 503`, `exited with code 3: <last line of output>`. */
  readonly detail: string;
  readonly startedAt: Instant;
  /** The exit, when it has ended; code null = unknown (it vanished). */
  readonly exit: { readonly code: number | null; readonly at: Instant } | null;
  /** A stop was asked for: its exit is no crash. */
  readonly stopping: boolean;
}

export interface StartRequest {
  readonly key: EffectKey;
  readonly lane: LaneId;
  readonly deployment: DeploymentId;
  readonly revision: Revision;
  /** What the instances are for; `serving` when not given. */
  readonly role?: Role;
  /** How many instances of the revision shall run in this role in all. */
  readonly count: number;
}

/**
 * Where instances of an application run. Drivers look at what is really there and converge: every method may be
 * repeated, at any moment, also after a crash between any two system calls.
 *
 * Order: `prepare` before the first `start` of a revision (else `conflict`); `stop` before `remove`.
 */
export interface Target {
  readonly capabilities: TargetCapabilities;
  /** Everything of the lane that runs or has ended and was not removed, with its health as probed now. */
  observe(lane: LaneId): Promise<readonly ObservedInstance[]>;
  /** Lays the revision's files out. @param artifact folder with the artifact's files; it is only read. */
  prepare(lane: LaneId, revision: Revision, artifact: string): Promise<void>;
  /**
   * Starts what is missing of `count`. Returns when the processes are launched; health is for `observe` to tell.
   * After a failure some may run; the same call again completes them.
   */
  start(request: StartRequest): Promise<void>;
  /** SIGTERM, after `grace` SIGKILL; returns when they have ended. Their traffic must have been taken away before. */
  stop(lane: LaneId, instances: readonly InstanceId[], grace: Duration): Promise<void>;
  /** Deletes what is kept of ended instances and of old revisions, but never what runs nor what `keep` names; the 5 newest stay. */
  remove(lane: LaneId, keep: readonly RevisionDigest[]): Promise<void>;
  /** The last lines of an instance's output. */
  logs(lane: LaneId, instance: InstanceId, lines: number): Promise<readonly string[]>;
}
