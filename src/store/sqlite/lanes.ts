import type { Deployment } from '../../core/deployment.ts';
import { isTerminal } from '../../core/deployment.ts';
import type { DeploymentId, LaneId } from '../../core/ids.ts';
import type { Environment, Lane } from '../../core/lane.ts';
import { emptyLane } from '../../core/lane.ts';
import type { DeploymentQuery, LaneAppend } from '../../ports/store.ts';
import { laneOf } from '../rows.ts';
import type { LaneColumns } from '../rows.ts';
import { conditions } from './sql.ts';
import type { Sql } from './sql.ts';

interface SnapshotRow {
  readonly snapshot: string;
}

const deploymentOf = (row: SnapshotRow) => JSON.parse(row.snapshot) as Deployment;

const laneRow = (sql: Sql, { application, environment }: LaneId) =>
  sql.get<{ version: number; state: string }>(
    'SELECT version, state FROM lanes WHERE application = ? AND environment = ?',
    application,
    environment,
  );

/** 0 for a lane that was never written. */
export const laneVersion = (sql: Sql, lane: LaneId): number => laneRow(sql, lane)?.version ?? 0;

/** Keeps the folded state of a lane and of its deployments that changed, and counts its version up. */
export function writeLane(
  sql: Sql,
  { lane, environment, deployments }: Pick<LaneAppend, 'lane' | 'environment' | 'deployments'>,
): void {
  sql.run(
    `INSERT INTO lanes VALUES (?, ?, 1, ?)
     ON CONFLICT DO UPDATE SET version = version + 1, state = excluded.state`,
    lane.application,
    lane.environment,
    JSON.stringify(environment),
  );
  for (const deployment of deployments)
    sql.run(
      `INSERT INTO deployments (id, application, environment, state, live, ended_at, snapshot)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET
         state = excluded.state, live = excluded.live, ended_at = excluded.ended_at, snapshot = excluded.snapshot`,
      deployment.id,
      lane.application,
      lane.environment,
      deployment.status.state,
      isTerminal(deployment.status.state) ? 0 : 1,
      isTerminal(deployment.status.state) ? deployment.since : null,
      JSON.stringify(deployment),
    );
}

/** Lanes, and the folded state of their deployments. */
export function lanesOf(sql: Sql) {
  return {
    loadLane(lane: LaneId): { readonly version: number; readonly lane: Lane } {
      const found = laneRow(sql, lane);
      if (!found) return { version: 0, lane: emptyLane(lane) };
      const live = sql.all<SnapshotRow>(
        'SELECT snapshot FROM deployments WHERE application = ? AND environment = ? AND live = 1 ORDER BY number',
        lane.application,
        lane.environment,
      );
      const environment = JSON.parse(found.state) as Environment;
      return { version: found.version, lane: { id: lane, environment, deployments: live.map(deploymentOf) } };
    },

    lanes: (): readonly LaneId[] =>
      sql
        .all<LaneColumns>('SELECT application, environment FROM lanes ORDER BY application, environment')
        .flatMap((columns) => laneOf(columns) ?? []),

    deployment(id: DeploymentId): Deployment | undefined {
      const found = sql.get<SnapshotRow>('SELECT snapshot FROM deployments WHERE id = ?', id);
      return found && deploymentOf(found);
    },

    deployments(query: DeploymentQuery): readonly Deployment[] {
      const { text, values } = conditions([
        ['application = ?', query.lane?.application],
        ['environment = ?', query.lane?.environment],
        ['state IN (SELECT value FROM json_each(?))', query.states && JSON.stringify(query.states)],
        ['number < (SELECT number FROM deployments WHERE id = ?)', query.before],
      ]);
      return sql
        .all<SnapshotRow>(
          `SELECT snapshot FROM deployments ${text} ORDER BY number DESC LIMIT ?`,
          ...values,
          query.limit,
        )
        .map(deploymentOf);
    },
  };
}
