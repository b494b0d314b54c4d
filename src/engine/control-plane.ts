import type { Deployment } from '../core/deployment.ts';
import type { Command } from '../core/input.ts';
import type { DeploymentId, LaneId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Lane } from '../core/lane.ts';
import type { RawRequest } from '../ports/trigger.ts';
import type { Store, StoredEvent } from '../ports/store.ts';
import type { Assessment, PresentTraffic } from '../judge/index.ts';

/** What a person may ask of a deployment that exists. */
export type PersonalCommand = Exclude<Command, { readonly type: 'request' }>;

export type CommandResult =
  | { readonly ok: true; readonly deployment: Deployment | null }
  | {
      readonly ok: false;
      readonly code: 'conflict' | 'not_found' | 'not_permitted';
      readonly reason: string;
    };

/** What became of something that was sent in. */
export type IngestResult =
  | { readonly status: 'accepted'; readonly event: string }
  | { readonly status: 'duplicate'; readonly of: string }
  /** Authentic, but nothing that Spillway acts on. */
  | { readonly status: 'ignored'; readonly why: string }
  | {
      readonly status: 'refused';
      readonly httpStatus: number;
      readonly field: string;
      readonly reason: string;
    };

export interface RollbackRequest {
  readonly lane: LaneId;
  /** A version or a revision digest (prefix); null = what carried the traffic before. */
  readonly to: string | null;
  readonly emergency: boolean;
  readonly reason: string;
  readonly actor: string;
  /** Names the request: asked again under the same name, nothing happens twice. */
  readonly event: string;
}

/** The latest look at a deployment under judgement, before it becomes an event. */
export interface LiveStatus {
  readonly deployment: DeploymentId;
  readonly assessment: Assessment | null;
  /**
   * Requests and errors per arm since the rollout began. Where clients stay on their version also how many `clients` failed, and
   * whether they can no longer all be told apart (`approximate`).
   */
  readonly counts: JsonObject;
}

/** Everything that the faces (HTTP, and through it the CLI) can ask of a running server. */
export interface ControlPlane {
  /** Verifies, persists and queues what came in under a trigger's name. Returns after it is durable. */
  ingest(trigger: string, request: RawRequest): Promise<IngestResult>;
  command(command: PersonalCommand, lane: LaneId, actor: string): Promise<CommandResult>;
  rollback(request: RollbackRequest): Promise<CommandResult>;
  lane(id: LaneId): Promise<Lane>;
  /** undefined where nothing is judged (any more). */
  live(id: DeploymentId): Promise<LiveStatus | undefined>;
  /** What the version that serves in a lane has to do at present; null where that is not known. */
  presentTraffic(lane: LaneId): PresentTraffic | null;
  /** Events as they become durable, from `after` on, without gaps; ends when `signal` is aborted. */
  subscribe(after: number, signal: AbortSignal): AsyncIterable<StoredEvent>;
  readonly store: Pick<Store, 'lanes' | 'deployment' | 'deployments' | 'events' | 'series' | 'deliveries'>;
  /** Why an event led to what it led to. */
  explain(event: string): Promise<JsonObject | undefined>;
  /** The audit log with a fresh signed checkpoint, line by line. */
  exportAudit(): AsyncIterable<string>;
  health(): Promise<HealthReport>;
}

export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly subsystems: Readonly<
    Record<string, { readonly status: 'healthy' | 'degraded' | 'unhealthy'; readonly reason: string }>
  >;
}
