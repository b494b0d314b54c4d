import type { Deployment } from './deployment.ts';
import { isActive, isTerminal } from './deployment.ts';
import type { ArtifactDigest, DeploymentId, LaneId, RevisionDigest } from './ids.ts';
import type { Revision } from './release.ts';
import type { Instant } from './time.ts';

/**
 * One application in one environment with all its deployments that have not ended: the unit of decision, since the
 * invariants of the lifecycle span deployments. One version number guards it in the store.
 */
export interface Lane {
  readonly id: LaneId;
  readonly environment: Environment;
  /** Live deployments only, oldest first. */
  readonly deployments: readonly Deployment[];
}

/** What is true of an environment whatever is deployed next. */
export interface Environment {
  /** Carries the traffic, or will when the deployment in flight is rolled back. */
  readonly serving: Revision | null;
  /** The last one that soaked in full. */
  readonly fallback: Revision | null;
  /** Set when every way back failed; nothing new deploys until a person unlocks it. */
  readonly locked: { readonly since: Instant; readonly reason: string } | null;
  /** Configurations seen of the newest artifacts, oldest first: the number in `1.4.0 (config 3)`. */
  readonly configurations: ReadonlyArray<{
    readonly artifact: ArtifactDigest;
    readonly revisions: readonly RevisionDigest[];
  }>;
}

export const emptyLane = (id: LaneId): Lane => ({
  id,
  environment: { serving: null, fallback: null, locked: null, configurations: [] },
  deployments: [],
});

export const findDeployment = (lane: Lane, id: DeploymentId) => lane.deployments.find((d) => d.id === id);

/** The one that is deploying, verifying or rolling back. */
export const activeOf = (lane: Lane) => lane.deployments.find((d) => isActive(d.status.state));

/** The one that soaks. */
export const soakingOf = (lane: Lane) => lane.deployments.find((d) => d.status.state === 'monitoring');

/** Those that wait for their turn, in order. */
export const waitingOf = (lane: Lane) => lane.deployments.filter((d) => d.status.state === 'approved');

/** Drops what has ended; the store keeps it. */
export const liveOnly = (deployments: readonly Deployment[]) =>
  deployments.filter((d) => !isTerminal(d.status.state));
