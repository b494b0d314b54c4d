import type { ApplicationName, DeploymentId, EnvironmentName, LaneId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import type { Instant } from '../core/time.ts';
import type { ClaimedTask } from '../ports/store.ts';

export interface LaneColumns {
  readonly application: string | null;
  readonly environment: string | null;
}

export const laneOf = (row: LaneColumns): LaneId | null =>
  row.application === null || row.environment === null
    ? null
    : { application: row.application as ApplicationName, environment: row.environment as EnvironmentName };

/** A task as every store keeps it. */
export interface TaskRow extends LaneColumns {
  readonly key: string;
  readonly kind: string;
  readonly deployment: string | null;
  readonly payload: string;
  readonly run_at: number;
  readonly queue: string;
  readonly priority: 0 | 1 | 2;
  readonly attempt: number;
  readonly fence: number;
}

export const claimedTask = (row: TaskRow): ClaimedTask => ({
  key: row.key,
  kind: row.kind,
  lane: laneOf(row),
  deployment: row.deployment as DeploymentId | null,
  payload: JSON.parse(row.payload) as Json,
  runAt: row.run_at as Instant,
  queue: row.queue,
  priority: row.priority,
  fence: row.fence,
  attempt: row.attempt,
});
