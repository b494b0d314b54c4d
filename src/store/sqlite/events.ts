import type { DeploymentId } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import type { EventQuery, StoredEvent } from '../../ports/store.ts';
import { EVENT_SCHEMA, presentForm } from '../event-form.ts';
import type { StampedEvent } from '../event-form.ts';
import { laneOf } from '../rows.ts';
import type { LaneColumns } from '../rows.ts';
import { conditions } from './sql.ts';
import type { Sql } from './sql.ts';

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

/** @param data the event as JSON. @returns its sequence */
export function insertEvent(
  sql: Sql,
  { id, schema, lane, deployment, event }: StampedEvent,
  data: string,
): number {
  const row = sql.get<{ sequence: number }>(
    `INSERT INTO events (id, schema, application, environment, deployment, type, at, actor, data)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence`,
    id,
    schema,
    lane?.application ?? null,
    lane?.environment ?? null,
    deployment,
    event.type,
    event.at,
    event.actor,
    data,
  );
  return row?.sequence ?? 0;
}

/** The facts, in the order in which they were committed. */
export function eventsOf(sql: Sql) {
  return {
    events(query: EventQuery): readonly StoredEvent[] {
      const { text, values } = conditions([
        ['sequence > ?', query.after],
        ['sequence < ?', query.before],
        ['deployment = ?', query.deployment],
        ['application = ?', query.lane?.application],
        ['environment = ?', query.lane?.environment],
        ['type IN (SELECT value FROM json_each(?))', query.types && JSON.stringify(query.types)],
        ['actor = ?', query.actor],
        ['at >= ?', query.from],
        ['at < ?', query.to],
      ]);
      const order = query.newestFirst ? 'DESC' : 'ASC';
      return sql
        .all<EventRow>(
          `SELECT sequence, id, schema, application, environment, deployment, data
           FROM events ${text} ORDER BY sequence ${order} LIMIT ?`,
          ...values,
          query.limit,
        )
        .map(storedEvent);
    },
  };
}
