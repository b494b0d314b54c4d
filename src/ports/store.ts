import type { Deployment } from '../core/deployment.ts';
import type { LaneEvent } from '../core/events.ts';
import { routeOf, type DeploymentId, type LaneId } from '../core/ids.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Environment, Lane } from '../core/lane.ts';
import type { Instant } from '../core/time.ts';

/** An event as it is kept. `sequence` grows in the order in which events became durable. */
export interface StoredEvent {
  readonly sequence: number;
  readonly id: string;
  /** Of the event's form; older ones are brought up to date when read. */
  readonly schema: number;
  readonly lane: LaneId | null;
  readonly deployment: DeploymentId | null;
  readonly event: LaneEvent | SystemEvent;
}

/** What happened outside any lane: an event refused or ignored, a server started. Audited like everything else. */
export interface SystemEvent {
  readonly type:
    | `event.${string}`
    | `server.${string}`
    | `backup.${string}`
    | `notification.${string}`
    | `configuration.${string}`;
  readonly at: Instant;
  readonly actor: string;
  readonly details: JsonObject;
}

/**
 * Outbox, queue and timers in one. `key` is unique: the same task is never queued twice, unless the key was pruned long
 * after its end.
 */
export interface NewTask {
  readonly key: string;
  readonly kind: string;
  readonly lane: LaneId | null;
  readonly deployment: DeploymentId | null;
  readonly payload: Json;
  readonly runAt: Instant;
  /** Tasks of one queue are served in turn with those of other queues (an application's name, or `''`). */
  readonly queue: string;
  /** Smaller goes first among those that are due: 0 rollback, 1 rollout, 2 everything else. */
  readonly priority: 0 | 1 | 2;
}

export interface ClaimedTask extends NewTask {
  /** From one counter of the store that only grows, drawn at this claim. */
  readonly fence: number;
  /** 1 for the first. */
  readonly attempt: number;
}

/** What a claim leaves where it is, although it is due. */
export interface ClaimLimits {
  /** Everything of these queues. */
  readonly without: readonly string[];
  /** What is more than this of any one queue. */
  readonly each: number;
}

export interface LaneAppend {
  readonly lane: LaneId;
  /** As loaded; 0 for a lane that does not exist yet. */
  readonly expectedVersion: number;
  readonly environment: Environment;
  /** Those that the events changed, folded; ended ones included. */
  readonly deployments: readonly Deployment[];
  readonly events: readonly LaneEvent[];
  readonly tasks: readonly NewTask[];
  /** Open tasks of these deployments are cancelled first (the append that begins a rollback). */
  readonly cancel: readonly DeploymentId[];
  /** The task whose outcome this records; it is completed by the same transaction. */
  readonly completes: { readonly key: string; readonly fence: number } | null;
}

export type AppendResult =
  | { readonly ok: true; readonly version: number; readonly events: readonly StoredEvent[] }
  /** `conflict`: load and decide again. `stale_fence`: the outcome is not this holder's to write any more; drop it. */
  | { readonly ok: false; readonly why: 'conflict' | 'stale_fence' };

export interface InboxItem {
  readonly source: string;
  readonly deliveryId: string;
  /** Hex SHA-256 of the raw body. */
  readonly bodyHash: string;
  readonly receivedAt: Instant;
  readonly payload: Json;
  /** Queued with it, in the same transaction. */
  readonly task: NewTask;
}

export type InboxResult =
  | { readonly duplicate: false; readonly id: string }
  /** Same delivery id or same body from that source: nothing was queued. */
  | { readonly duplicate: true; readonly of: string };

/** One look of the observer: compact, kept apart from the events. */
export interface SeriesRow {
  readonly deployment: DeploymentId;
  readonly at: Instant;
  readonly payload: Json;
}

export interface DeploymentQuery {
  readonly lane?: Partial<LaneId>;
  readonly states?: readonly string[];
  readonly limit: number;
  /** Only those requested before this one: the page after it. */
  readonly before?: DeploymentId;
}

export interface EventQuery {
  /** Only larger sequences: the page after it, oldest first. */
  readonly after?: number;
  /** Only smaller sequences: the page after it, newest first. */
  readonly before?: number;
  readonly deployment?: DeploymentId;
  readonly lane?: Partial<LaneId>;
  readonly types?: readonly string[];
  readonly actor?: string;
  /** From this instant on. */
  readonly from?: Instant;
  /** Up to, but without, this instant. */
  readonly to?: Instant;
  readonly limit: number;
  readonly newestFirst?: boolean;
}

/** One leaf of the audit log with what is needed to prove it. */
export interface AuditEntry {
  readonly index: number;
  /** Hex; hides the payload's hash from guessing, and is destroyed when the entry is redacted. */
  readonly salt: string;
  readonly entry: JsonObject;
}

export interface DeliveryRecord {
  readonly key: string;
  readonly channel: string;
  readonly attempt: number;
  readonly delivered: boolean;
  readonly answer: string;
  readonly latencyMs: number;
  readonly at: Instant;
}

/** Up to when things may go, by kind. What belongs to a live deployment never does, however old it is. */
export interface PruneBefore {
  /** Looks at deployments that ended before. */
  readonly series: Instant;
  /** Attempts of deliveries made before. */
  readonly deliveries: Instant;
  /** The payload of what was received before. Its delivery id and its body's hash stay. */
  readonly payloads: Instant;
  /** All of what was received before: from then on the same delivery is a new one. Not later than `payloads` and `tasks`. */
  readonly inbox: Instant;
  /** Keys of ended tasks that were due before, and belong to no deployment or to one that ended before. */
  readonly tasks: Instant;
}

/** How many were removed (payloads: emptied). */
export type PruneCounts = Readonly<Record<keyof PruneBefore, number>>;

/** A name that this replica, of all those on one store, has to itself. */
export interface Hold {
  readonly name: string;
  /** Larger than that of whoever held the name before. */
  readonly fence: number;
  /** Aborted when another replica may hold the name from now on; not by `release`. All holds of a store may share it. */
  readonly lost: AbortSignal;
  /** Lets others have the name. Harmless when it is lost. */
  release(): Promise<void>;
}

/** The name by which a replica has a lane to itself. */
export const laneHold = (lane: LaneId): string => `lane/${routeOf(lane)}`;

/** The replicas of a store by their ids, which are never given out again. */
export interface Peers {
  readonly self: string;
  /** This one among them, in a fixed order. */
  readonly live: readonly string[];
}

/** The setting in which the last signed checkpoint of the audit log is kept. */
export const CHECKPOINT_SETTING = 'audit.checkpoint';

/** What another replica has left for this one: tasks queued, put back or freed, and names let go; events recorded. */
export type News = 'tasks' | 'events';

/**
 * Where everything durable lives. A method that has returned has reached the disk; one that has thrown has changed
 * nothing. Order is that of commits, and calls that write commit in the order in which they were made; one that reads
 * sees what was written by those before it.
 *
 * A store on a server of its own may not answer. Then a call fails with `unavailable` after a few seconds; one that
 * wrote and whose answer was lost for that long may have been kept after all, whole. Asking again is harmless:
 * versions, keys and fences tell.
 *
 * Several replicas may have one store open. What a replica has claimed or holds is free again when it closes the store,
 * when its connection breaks, or when it has not been heard of for the length of a lease by the store's clock; before
 * that, by its own clock, it has noticed: it takes no call that writes until it is a replica anew, with nothing claimed
 * or held. An embedded store has one owner, which holds whatever it asks for.
 */
export interface Store {
  /** The lane with its live deployments; an empty one with version 0 when it was never written. */
  loadLane(lane: LaneId): Promise<{ readonly version: number; readonly lane: Lane }>;
  /** Events, folded state, tasks and audit leaves in one transaction. */
  append(append: LaneAppend): Promise<AppendResult>;
  /** Events outside any lane, with tasks that follow from them; `completes` as in `append`. */
  record(
    events: readonly SystemEvent[],
    tasks: readonly NewTask[],
    completes: LaneAppend['completes'],
  ): Promise<AppendResult>;

  receive(item: InboxItem): Promise<InboxResult>;

  /**
   * Up to `limit` tasks that are due at `now`, the caller's time, fair among queues, each with a fresh fence. A task of a lane that
   * another replica has to itself (`laneHold`) is that one's first: others get it two seconds later.
   */
  claim(now: Instant, limit: number, limits?: ClaimLimits): Promise<readonly ClaimedTask[]>;
  /** Ends a task that leaves no event. @returns false when its fence is old */
  finish(key: string, fence: number): Promise<boolean>;
  /** Puts a claimed task back. @returns false when its fence is old */
  retry(key: string, fence: number, runAt: Instant, error: string): Promise<boolean>;
  /** When the next queued task is due; undefined when none is queued. */
  nextDue(): Promise<Instant | undefined>;
  /** A fence for work that no task stands for. */
  drawFence(): Promise<number>;

  /**
   * Takes names for this replica alone. @returns a hold for each that no other live replica has; a name that this one
   * has already is the same hold again, and one `release` ends it
   */
  hold(names: readonly string[]): Promise<readonly Hold[]>;
  /** The replicas that are alive by the store's clock. */
  peers(): Promise<Peers>;
  /**
   * Tells of what other replicas do, some milliseconds after it, now and then for nothing, and at the latest a second
   * late. An embedded store has no other replicas and never calls. @returns how to end it
   */
  onNews(listener: (what: News) => void): () => void;

  appendSeries(rows: readonly SeriesRow[]): Promise<void>;
  /** Rows of a deployment, oldest first. */
  series(deployment: DeploymentId): Promise<readonly SeriesRow[]>;

  lanes(): Promise<readonly LaneId[]>;
  deployment(id: DeploymentId): Promise<Deployment | undefined>;
  /** Newest first. */
  deployments(query: DeploymentQuery): Promise<readonly Deployment[]>;
  events(query: EventQuery): Promise<readonly StoredEvent[]>;

  recordDelivery(delivery: DeliveryRecord): Promise<void>;
  /** Newest first; with `undeliveredOnly` the last attempt of each message (key and channel) that has failed. */
  deliveries(query: {
    readonly limit: number;
    readonly undeliveredOnly: boolean;
  }): Promise<readonly DeliveryRecord[]>;

  /** Integrates leaves that are not yet in the Merkle tree. @returns the tree's size and root (hex) */
  sequenceAudit(): Promise<{ readonly size: number; readonly root: string }>;
  auditEntries(fromIndex: number, limit: number): Promise<readonly AuditEntry[]>;
  /** A small value kept by name (a checkpoint, a key's public half). */
  setting(name: string): Promise<string | undefined>;
  putSetting(name: string, value: string): Promise<void>;

  /**
   * Removes what is older than asked for, at most `limit` of each kind, so that no other call waits long. Events, audit
   * leaves, lanes and deployments are kept for ever. @returns what went: less than `limit` of each when nothing is left
   */
  prune(before: PruneBefore, limit: number): Promise<PruneCounts>;

  close(): Promise<void>;
}
