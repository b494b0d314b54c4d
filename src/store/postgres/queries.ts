import type { Deployment } from '../../core/deployment.ts';
import type { DeploymentId, LaneId } from '../../core/ids.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { Environment } from '../../core/lane.ts';
import { emptyLane } from '../../core/lane.ts';
import type { Instant } from '../../core/time.ts';
import type { DeliveryRecord, Store, StoredEvent } from '../../ports/store.ts';
import { EVENT_SCHEMA, presentForm } from '../event-form.ts';
import { laneOf } from '../rows.ts';
import type { LaneColumns } from '../rows.ts';
import { conditions } from './reader.ts';
import type { Reader } from './reader.ts';

interface SnapshotRow {
  readonly snapshot: string;
}

const deploymentOf = (row: SnapshotRow) => JSON.parse(row.snapshot) as Deployment;

/** Lanes, and the folded state of their deployments. */
export const laneQueries = (
  reader: Reader,
): Pick<Store, 'loadLane' | 'lanes' | 'deployment' | 'deployments'> => ({
  async loadLane(lane) {
    // One statement, so that version and deployments are of one moment.
    const rows = await reader.all<{ version: number; state: string; snapshot: string | null }>(
      `SELECT l.version, l.state, d.snapshot FROM lanes AS l
       LEFT JOIN deployments AS d ON d.application = l.application AND d.environment = l.environment AND d.live
       WHERE l.application = $1 AND l.environment = $2 ORDER BY d.number`,
      lane.application,
      lane.environment,
    );
    const [found] = rows;
    if (!found) return { version: 0, lane: emptyLane(lane) };
    const deployments = rows.flatMap(({ snapshot }) => (snapshot === null ? [] : deploymentOf({ snapshot })));
    const environment = JSON.parse(found.state) as Environment;
    return { version: found.version, lane: { id: lane, environment, deployments } };
  },

  async lanes() {
    const rows = await reader.all<LaneColumns>(
      'SELECT application, environment FROM lanes ORDER BY application, environment',
    );
    return rows.flatMap((columns): LaneId | readonly LaneId[] => laneOf(columns) ?? []);
  },

  async deployment(id) {
    const found = await reader.get<SnapshotRow>('SELECT snapshot FROM deployments WHERE id = $1', id);
    return found && deploymentOf(found);
  },

  async deployments(query) {
    const { text, values } = conditions([
      ['application = ?', query.lane?.application],
      ['environment = ?', query.lane?.environment],
      ['state = ANY (?)', query.states],
      ['number < (SELECT number FROM deployments WHERE id = ?)', query.before],
    ]);
    const rows = await reader.all<SnapshotRow>(
      `SELECT snapshot FROM deployments ${text} ORDER BY number DESC LIMIT $${values.length + 1}`,
      ...values,
      query.limit,
    );
    return rows.map(deploymentOf);
  },
});

interface EventRow extends LaneColumns {
  readonly sequence: number;
  readonly id: string;
  readonly schema: number;
  readonly deployment: string | null;
  readonly data: string;
}

const storedEvent = (row: EventRow): StoredEvent => ({
  sequence: row.sequence,
  id: row.id,
  schema: EVENT_SCHEMA,
  lane: laneOf(row),
  deployment: row.deployment as DeploymentId | null,
  event: presentForm(row.schema, JSON.parse(row.data) as JsonObject),
});

/** The facts, in the order in which they were committed. */
export const eventQueries = (reader: Reader): Pick<Store, 'events'> => ({
  async events(query) {
    const { text, values } = conditions([
      ['sequence > ?', query.after],
      ['sequence < ?', query.before],
      ['deployment = ?', query.deployment],
      ['application = ?', query.lane?.application],
      ['environment = ?', query.lane?.environment],
      ['type = ANY (?)', query.types],
      ['actor = ?', query.actor],
      ['at >= ?', query.from],
      ['at < ?', query.to],
    ]);
    const order = query.newestFirst ? 'DESC' : 'ASC';
    const rows = await reader.all<EventRow>(
      `SELECT sequence, id, schema, application, environment, deployment, data
       FROM events ${text} ORDER BY sequence ${order} LIMIT $${values.length + 1}`,
      ...values,
      query.limit,
    );
    return rows.map(storedEvent);
  },
});

interface DeliveryRow extends Omit<DeliveryRecord, 'latencyMs'> {
  readonly latency_ms: number;
}

const LAST_FAILED = `WHERE NOT delivered AND NOT EXISTS (
  SELECT FROM deliveries AS later WHERE later.key = d.key AND later.channel = d.channel AND later.number > d.number)`;

/** Looks of the observer, attempts of deliveries, small values by name; when tasks are due. */
export const recordQueries = (
  reader: Reader,
): Pick<Store, 'series' | 'deliveries' | 'setting' | 'nextDue'> => ({
  async series(deployment) {
    const rows = await reader.all<{ at: Instant; payload: string }>(
      'SELECT at, payload FROM series WHERE deployment = $1 ORDER BY at, number',
      deployment,
    );
    return rows.map(({ at, payload }) => ({ deployment, at, payload: JSON.parse(payload) as Json }));
  },

  async deliveries({ limit, undeliveredOnly }) {
    const rows = await reader.all<DeliveryRow>(
      `SELECT key, channel, attempt, delivered, answer, latency_ms, at FROM deliveries AS d
       ${undeliveredOnly ? LAST_FAILED : ''} ORDER BY number DESC LIMIT $1`,
      limit,
    );
    return rows.map(({ latency_ms: latencyMs, ...row }) => ({ ...row, latencyMs }));
  },

  async setting(name) {
    return (await reader.get<{ value: string }>('SELECT value FROM settings WHERE name = $1', name))?.value;
  },

  async nextDue() {
    const found = await reader.get<{ due: Instant | null }>(
      `SELECT least((SELECT min(run_at) FROM tasks WHERE state = 0),
                    (SELECT min(run_at) FROM tasks WHERE state = 1)) AS due`,
    );
    return found?.due ?? undefined;
  },
});
