import type { Database } from 'better-sqlite3';
import type { Deployment } from '../../core/deployment.ts';
import type {
  AppendResult,
  InboxItem,
  InboxResult,
  LaneAppend,
  NewTask,
  StoredEvent,
} from '../../ports/store.ts';
import type { StampedEvent } from '../event-form.ts';
import { addLeaf, auditOf } from './audit.ts';
import { claimsOf } from './claims.ts';
import { eventsOf, insertEvent } from './events.ts';
import { laneVersion, lanesOf, writeLane } from './lanes.ts';
import { pruneOf } from './prune.ts';
import { deliveriesOf, insertItem, seriesOf, settingsOf } from './records.ts';
import { sqlOf } from './sql.ts';
import { cancelTasks, endTask, holdsTask, queueTasks } from './tasks.ts';

/** As AppendResult, but with the events' sequences only: the caller has the events. */
export type Written =
  | { readonly ok: true; readonly version: number; readonly sequences: readonly number[] }
  | Extract<AppendResult, { ok: false }>;

export interface StampedAppend extends Omit<LaneAppend, 'events'> {
  readonly events: readonly StampedEvent[];
}

/** Every method of the store as the worker runs it: at once, inside a transaction that the caller has begun. */
export type Operations = ReturnType<typeof operationsOf>;

export function operationsOf(db: Database) {
  const sql = sqlOf(db);

  const write = (added: readonly StampedEvent[], deployments: readonly Deployment[]): readonly number[] => {
    const subjects = new Map(deployments.map((deployment) => [deployment.id, deployment]));
    return added.map((one) => {
      const data = JSON.stringify(one.event);
      const subject = one.deployment ? subjects.get(one.deployment) : undefined;
      // The leaf commits to the event as it is kept, so that it can be computed again from what is kept.
      addLeaf(sql, { ...one, event: JSON.parse(data) as StoredEvent['event'], subject }, one.salt);
      return insertEvent(sql, one, data);
    });
  };

  return {
    append(append: StampedAppend): Written {
      const { lane, expectedVersion, completes } = append;
      if (!holdsTask(sql, completes)) return { ok: false, why: 'stale_fence' };
      if (laneVersion(sql, lane) !== expectedVersion) return { ok: false, why: 'conflict' };
      writeLane(sql, append);
      const sequences = write(append.events, append.deployments);
      if (completes) endTask(sql, completes.key);
      cancelTasks(sql, append.cancel);
      queueTasks(sql, append.tasks);
      return { ok: true, version: expectedVersion + 1, sequences };
    },

    record(
      events: readonly StampedEvent[],
      tasks: readonly NewTask[],
      completes: LaneAppend['completes'],
    ): Written {
      if (!holdsTask(sql, completes)) return { ok: false, why: 'stale_fence' };
      const sequences = write(events, []);
      if (completes) endTask(sql, completes.key);
      queueTasks(sql, tasks);
      return { ok: true, version: 0, sequences };
    },

    receive(item: InboxItem, id: string): InboxResult {
      const result = insertItem(sql, item, id);
      if (!result.duplicate) queueTasks(sql, [item.task]);
      return result;
    },

    ...claimsOf(sql),
    ...lanesOf(sql),
    ...eventsOf(sql),
    ...auditOf(sql),
    ...seriesOf(sql),
    ...deliveriesOf(sql),
    ...settingsOf(sql),
    ...pruneOf(sql),
  };
}
