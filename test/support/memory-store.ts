import { createHash } from 'node:crypto';
import { auditEntry } from '../../src/core/audit.ts';
import type { Deployment } from '../../src/core/deployment.ts';
import { isTerminal } from '../../src/core/deployment.ts';
import { SpillwayError } from '../../src/core/errors.ts';
import type { LaneId } from '../../src/core/ids.ts';
import { routeOf } from '../../src/core/ids.ts';
import type { Environment } from '../../src/core/lane.ts';
import { emptyLane } from '../../src/core/lane.ts';
import { entryBytes } from '../../src/ledger/canonical.ts';
import { leafHashOf } from '../../src/ledger/entry.ts';
import { EMPTY, append, rootOf } from '../../src/ledger/tree.ts';
import type { Hash } from '../../src/ledger/tree.ts';
import type {
  AppendResult,
  AuditEntry,
  ClaimedTask,
  DeliveryRecord,
  InboxItem,
  LaneAppend,
  NewTask,
  SeriesRow,
  Store,
  StoredEvent,
} from '../../src/ports/store.ts';
import type { Chance } from '../../src/ports/system.ts';
import { sequenced, stamped } from '../../src/store/event-form.ts';
import type { StampedEvent } from '../../src/store/event-form.ts';
import { alone, soleHolder } from '../../src/store/holds.ts';

interface HeldTask extends NewTask {
  /** null = not claimed. */
  readonly fence: number | null;
  readonly attempt: number;
}

/** Everything as plain lists; searched from end to end. */
interface Kept {
  readonly lanes: Map<string, { id: LaneId; version: number; environment: Environment }>;
  readonly deployments: Map<string, Deployment>;
  readonly events: StoredEvent[];
  readonly tasks: Map<string, HeldTask>;
  readonly endedTasks: Map<string, Pick<NewTask, 'deployment' | 'runAt'>>;
  readonly served: Map<string, number>;
  readonly inbox: Array<{ readonly id: string; item: InboxItem }>;
  readonly series: SeriesRow[];
  readonly deliveries: DeliveryRecord[];
  readonly settings: Map<string, string>;
  readonly leaves: AuditEntry[];
  sequencedLeaves: number;
  fence: number;
}

const keptNothing = (): Kept => ({
  lanes: new Map(),
  deployments: new Map(),
  events: [],
  tasks: new Map(),
  endedTasks: new Map(),
  served: new Map(),
  inbox: [],
  series: [],
  deliveries: [],
  settings: new Map(),
  leaves: [],
  sequencedLeaves: 0,
  fence: 0,
});

/**
 * The store's contract in memory, in the simplest way that can be right: for tests of what stands on a store, and as
 * the twin that the real ones are compared with.
 */
export function memoryStore(chance: Chance): Store {
  const kept = keptNothing();
  let closed = false;
  const methods = {
    ...writing(kept, chance),
    ...tasks(kept),
    ...reading(kept),
    ...records(kept),
    ...audit(kept),
    ...pruning(kept),
  };
  const guarded = Object.entries(methods).map(([name, method]) => [
    name,
    // As over a wire: nothing is shared with the caller, and nothing happens after the close.
    async (...args: readonly unknown[]) => {
      if (closed) throw new SpillwayError('unavailable', 'the store is closed');
      const run = method as (...values: readonly unknown[]) => unknown;
      return copied(run(...args.map(copied)));
    },
  ]);
  const direct = Object.fromEntries(guarded) as Omit<Store, 'hold' | 'peers' | 'onNews' | 'close'>;
  return {
    ...direct,
    hold: soleHolder(() => direct.drawFence()),
    peers: alone,
    onNews: () => () => {},
    close: async () => {
      closed = true;
    },
  };
}

const copied = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

/** A store whose methods answer at once. */
type Direct = {
  readonly [M in Exclude<keyof Store, 'hold' | 'peers' | 'onNews' | 'close'>]: (
    ...args: Parameters<Store[M]>
  ) => Awaited<ReturnType<Store[M]>>;
};

const holds = (kept: Kept, claim: LaneAppend['completes']) =>
  claim === null || kept.tasks.get(claim.key)?.fence === claim.fence;

function end(kept: Kept, key: string): void {
  const task = kept.tasks.get(key);
  if (task) kept.endedTasks.set(key, task);
  kept.tasks.delete(key);
}

function queue(kept: Kept, added: readonly NewTask[]): void {
  for (const task of added)
    if (!kept.tasks.has(task.key) && !kept.endedTasks.has(task.key))
      kept.tasks.set(task.key, { ...task, fence: null, attempt: 0 });
}

function addEvents(
  kept: Kept,
  events: readonly StampedEvent[],
  deployments: readonly Deployment[],
): readonly StoredEvent[] {
  for (const event of events) {
    const entry = auditEntry({ ...event, subject: deployments.find((one) => one.id === event.deployment) });
    kept.leaves.push({ index: kept.leaves.length, salt: event.salt, entry });
  }
  const stored = sequenced(
    events,
    events.map((_, index) => kept.events.length + index + 1),
  );
  kept.events.push(...stored);
  return stored;
}

function writing(kept: Kept, chance: Chance): Pick<Direct, 'append' | 'record' | 'receive'> {
  return {
    append(append): AppendResult {
      const events = stamped(chance, append.lane, append.events);
      const version = kept.lanes.get(routeOf(append.lane))?.version ?? 0;
      if (!holds(kept, append.completes)) return { ok: false, why: 'stale_fence' };
      if (version !== append.expectedVersion) return { ok: false, why: 'conflict' };
      const { lane: id, environment } = append;
      kept.lanes.set(routeOf(id), { id, version: version + 1, environment });
      for (const deployment of append.deployments) kept.deployments.set(deployment.id, deployment);
      const stored = addEvents(kept, events, append.deployments);
      if (append.completes) end(kept, append.completes.key);
      for (const task of kept.tasks.values())
        if (task.deployment && append.cancel.includes(task.deployment)) end(kept, task.key);
      queue(kept, append.tasks);
      return { ok: true, version: version + 1, events: stored };
    },
    record(facts, added, completes): AppendResult {
      const events = stamped(chance, null, facts);
      if (!holds(kept, completes)) return { ok: false, why: 'stale_fence' };
      const stored = addEvents(kept, events, []);
      if (completes) end(kept, completes.key);
      queue(kept, added);
      return { ok: true, version: 0, events: stored };
    },
    receive(item) {
      const id = chance.id();
      const ofSource = kept.inbox.filter((one) => one.item.source === item.source);
      const first =
        ofSource.find((one) => one.item.deliveryId === item.deliveryId) ??
        ofSource.find((one) => item.bodyHash !== '' && one.item.bodyHash === item.bodyHash);
      if (first) return { duplicate: true, of: first.id };
      kept.inbox.push({ id, item });
      queue(kept, [item.task]);
      return { duplicate: false, id };
    },
  };
}

/** Who is next: priority, then the queue served longest ago, then the time it was due. */
function nextTask(kept: Kept, now: number, may: (queue: string) => boolean): HeldTask | undefined {
  const due = [...kept.tasks.values()].filter(
    (task) => task.fence === null && task.runAt <= now && may(task.queue),
  );
  const order = (a: HeldTask, b: HeldTask) =>
    a.priority - b.priority ||
    (kept.served.get(a.queue) ?? 0) - (kept.served.get(b.queue) ?? 0) ||
    (a.queue < b.queue ? -1 : Number(a.queue > b.queue)) ||
    a.runAt - b.runAt;
  // Of equals the first: a map keeps the order in which its keys were added.
  return due.reduce<HeldTask | undefined>(
    (best, task) => (best && order(best, task) <= 0 ? best : task),
    undefined,
  );
}

function tasks(kept: Kept): Pick<Direct, 'claim' | 'finish' | 'retry' | 'nextDue' | 'drawFence'> {
  return {
    claim(now, limit, { without, each } = { without: [], each: Infinity }) {
      const claimed: ClaimedTask[] = [];
      const may = (queue: string) =>
        !without.includes(queue) && claimed.filter((task) => task.queue === queue).length < each;
      while (claimed.length < limit) {
        const next = nextTask(kept, now, may);
        if (!next) break;
        kept.fence += 1;
        const task = { ...next, fence: kept.fence, attempt: next.attempt + 1 };
        kept.tasks.set(task.key, task);
        kept.served.set(task.queue, task.fence);
        claimed.push(task);
      }
      return claimed;
    },
    finish(key, fence) {
      if (!holds(kept, { key, fence })) return false;
      end(kept, key);
      return true;
    },
    retry(key, fence, runAt) {
      const task = kept.tasks.get(key);
      if (!task || !holds(kept, { key, fence })) return false;
      kept.tasks.set(key, { ...task, fence: null, runAt });
      return true;
    },
    nextDue() {
      const queued = [...kept.tasks.values()].filter((task) => task.fence === null);
      return queued.map((task) => task.runAt).sort((a, b) => a - b)[0];
    },
    drawFence: () => (kept.fence += 1),
  };
}

const inLane = (asked: Partial<LaneId> | undefined, lane: LaneId | null) =>
  (asked?.application === undefined || asked.application === lane?.application) &&
  (asked?.environment === undefined || asked.environment === lane?.environment);

function reading(kept: Kept): Pick<Direct, 'loadLane' | 'lanes' | 'deployment' | 'deployments' | 'events'> {
  const inOrder = () => [...kept.deployments.values()];
  return {
    loadLane(id) {
      const found = kept.lanes.get(routeOf(id));
      if (!found) return { version: 0, lane: emptyLane(id) };
      const deployments = inOrder().filter(
        ({ lane, status }) => inLane(id, lane) && !isTerminal(status.state),
      );
      return { version: found.version, lane: { id, environment: found.environment, deployments } };
    },
    lanes: () =>
      [...kept.lanes.values()]
        .map((lane) => lane.id)
        .sort((a, b) => compare(a.application, b.application) || compare(a.environment, b.environment)),
    deployment: (id) => kept.deployments.get(id),
    deployments(query) {
      const all = inOrder();
      const end = query.before === undefined ? all.length : all.findIndex((one) => one.id === query.before);
      return all
        .slice(0, Math.max(end, 0))
        .filter((one) => inLane(query.lane, one.lane))
        .filter((one) => !query.states || query.states.includes(one.status.state))
        .reverse()
        .slice(0, query.limit);
    },
    events(query) {
      const found = kept.events.filter(
        ({ sequence, deployment, lane, event }) =>
          sequence > (query.after ?? 0) &&
          sequence < (query.before ?? Infinity) &&
          (query.deployment === undefined || query.deployment === deployment) &&
          inLane(query.lane, lane) &&
          (!query.types || query.types.includes(event.type)) &&
          (query.actor === undefined || query.actor === event.actor) &&
          event.at >= (query.from ?? -Infinity) &&
          event.at < (query.to ?? Infinity),
      );
      return (query.newestFirst ? found.reverse() : found).slice(0, query.limit);
    },
  };
}

const compare = (a: string, b: string) => (a < b ? -1 : Number(a > b));

function records(
  kept: Kept,
): Pick<Direct, 'appendSeries' | 'series' | 'recordDelivery' | 'deliveries' | 'setting' | 'putSetting'> {
  return {
    appendSeries: (rows) => void kept.series.push(...rows),
    series: (deployment) =>
      kept.series.filter((row) => row.deployment === deployment).sort((a, b) => a.at - b.at),
    recordDelivery: (delivery) => void kept.deliveries.push(delivery),
    deliveries({ limit, undeliveredOnly }) {
      const newest = kept.deliveries.toReversed();
      const isLast = (one: DeliveryRecord) =>
        newest.find((other) => other.key === one.key && other.channel === one.channel) === one;
      return newest.filter((one) => !undeliveredOnly || (isLast(one) && !one.delivered)).slice(0, limit);
    },
    setting: (name) => kept.settings.get(name),
    putSetting: (name, value) => void kept.settings.set(name, value),
  };
}

function pruning(kept: Kept): Pick<Direct, 'prune'> {
  const ended = (id: string | null, before: number) => {
    const of = id === null ? undefined : kept.deployments.get(id);
    return of === undefined || (isTerminal(of.status.state) && of.since < before);
  };
  return {
    prune: (before, limit) => ({
      series: removeSome(
        kept.series,
        ({ deployment, at }) => at < before.series && ended(deployment, before.series),
        limit,
      ),
      deliveries: removeSome(kept.deliveries, ({ at }) => at < before.deliveries, limit),
      payloads: kept.inbox
        .filter(({ item }) => item.payload !== null && item.receivedAt < before.payloads)
        .slice(0, limit)
        .map((one) => (one.item = { ...one.item, payload: null })).length,
      inbox: removeSome(kept.inbox, ({ item }) => item.receivedAt < before.inbox, limit),
      tasks: [...kept.endedTasks]
        .filter(([, { deployment, runAt }]) => runAt < before.tasks && ended(deployment, before.tasks))
        .slice(0, limit)
        .filter(([key]) => kept.endedTasks.delete(key)).length,
    }),
  };
}

/** @returns how many were removed */
function removeSome<Row>(rows: Row[], isOld: (row: Row) => boolean, limit: number): number {
  const old = new Set(rows.filter(isOld).slice(0, limit));
  const rest = rows.filter((row) => !old.has(row));
  rows.splice(0, rows.length, ...rest);
  return old.size;
}

const sha256: Hash = (data) => createHash('sha256').update(data).digest();

function audit(kept: Kept): Pick<Direct, 'sequenceAudit' | 'auditEntries'> {
  return {
    sequenceAudit() {
      kept.sequencedLeaves = kept.leaves.length;
      return { size: kept.leaves.length, root: rootOfEntries(kept.leaves) };
    },
    auditEntries: (fromIndex, limit) =>
      kept.leaves.slice(fromIndex, Math.min(fromIndex + limit, kept.sequencedLeaves)),
  };
}

/** The root (hex) of the tree over these entries, computed from nothing else. */
export function rootOfEntries(entries: readonly AuditEntry[]): string {
  const leaves = entries.map(({ entry, salt }) =>
    leafHashOf(sha256, entryBytes(entry), Buffer.from(salt, 'hex')),
  );
  return Buffer.from(rootOf(sha256, append(sha256, EMPTY, leaves).frontier)).toString('hex');
}
