import type { Deployment } from './deployment.ts';
import type { LaneEvent, LaneEventType } from './events.ts';
import type { DeploymentId, LaneId } from './ids.ts';
import { routeOf } from './ids.ts';
import { isoTime } from './iso-time.ts';
import type { Json, JsonObject } from './json.ts';
import { labelOf } from './release.ts';
import type { Instant } from './time.ts';

export type AuditCategory =
  'deployment' | 'rollback' | 'approval' | 'configuration' | 'security' | 'incident';

/** `started`: something is under way; the others are ends. */
export type AuditStatus = 'started' | 'success' | 'warning' | 'failure';

interface Shape {
  readonly category: AuditCategory;
  readonly action: string;
  readonly status: AuditStatus;
}

/** What happened outside any lane; see the store's port. */
interface OutsideEvent {
  readonly type: string;
  readonly at: Instant;
  readonly actor: string;
  readonly details: JsonObject;
}

/** One recorded event with what an auditor must see beside it. */
export interface AuditFact {
  readonly id: string;
  readonly lane: LaneId | null;
  readonly deployment: DeploymentId | null;
  readonly event: LaneEvent | OutsideEvent;
  /** The deployment that it is about, as it stands after the event. */
  readonly subject: Deployment | undefined;
}

const shape = (category: AuditCategory, action: string, status: AuditStatus): Shape => ({
  category,
  action,
  status,
});

const SHAPES: Readonly<Record<LaneEventType, Shape>> = {
  'deployment.requested': shape('deployment', 'request', 'started'),
  'deployment.validating': shape('deployment', 'validate', 'started'),
  'preflight.passed': shape('deployment', 'validate', 'success'),
  'deployment.building': shape('deployment', 'build', 'started'),
  'release.built': shape('deployment', 'build', 'success'),
  'deployment.testing': shape('deployment', 'test', 'started'),
  'gate.started': shape('deployment', 'gate', 'started'),
  'gate.passed': shape('deployment', 'gate', 'success'),
  'gate.warned': shape('deployment', 'gate', 'warning'),
  'gate.failed': shape('deployment', 'gate', 'failure'),
  'deployment.awaiting_approval': shape('approval', 'request_approval', 'started'),
  'approval.expired': shape('approval', 'request_approval', 'failure'),
  'deployment.approved': shape('approval', 'approve', 'success'),
  'deployment.started': shape('deployment', 'deploy', 'started'),
  'canary.planned': shape('deployment', 'plan_steps', 'success'),
  'instances.ready': shape('deployment', 'start_instances', 'success'),
  'instances.starting': shape('deployment', 'start_instances', 'started'),
  'instances.retiring': shape('deployment', 'retire_instances', 'started'),
  'traffic.shifting': shape('deployment', 'shift_traffic', 'started'),
  'canary.step': shape('deployment', 'step', 'started'),
  'canary.retreated': shape('deployment', 'retreat', 'warning'),
  'traffic.shifted': shape('deployment', 'shift_traffic', 'success'),
  'verdict.changed': shape('deployment', 'judge', 'success'),
  'deployment.verifying': shape('deployment', 'verify', 'started'),
  'deployment.live': shape('deployment', 'verify', 'success'),
  'degradation.found': shape('deployment', 'watch', 'failure'),
  'deployment.paused': shape('deployment', 'pause', 'success'),
  'deployment.resumed': shape('deployment', 'resume', 'success'),
  'rollback.started': shape('rollback', 'roll_back', 'started'),
  'rollback.attempt_failed': shape('rollback', 'roll_back', 'failure'),
  'rollback.retried': shape('rollback', 'roll_back', 'started'),
  'rollback.resumed': shape('rollback', 'roll_back', 'started'),
  'rollback.restored': shape('rollback', 'restore', 'success'),
  'rollback.traffic_zero': shape('rollback', 'shift_traffic', 'success'),
  'rollback.completed': shape('rollback', 'roll_back', 'success'),
  'deployment.completed': shape('deployment', 'deploy', 'success'),
  'deployment.failed': shape('deployment', 'deploy', 'failure'),
  'deployment.rejected': shape('deployment', 'deploy', 'failure'),
  'environment.locked': shape('incident', 'lock', 'success'),
  'environment.unlocked': shape('incident', 'unlock', 'success'),
  'incident.opened': shape('incident', 'open_incident', 'started'),
};

/**
 * The audit form of a recorded event: what is committed to by its leaf and what an auditor reads. Unknown = null.
 * An event outside any lane may say more of itself in its details: `target`, `version`, `status`, `reason`, `category`,
 * `deployment`, `environment`, `ipAddress`, `userAgent`.
 */
export function auditEntry(fact: AuditFact): JsonObject {
  const { id, event } = fact;
  return {
    event_id: id,
    event_type: event.type,
    timestamp: isoTime(event.at),
    actor: event.actor,
    ...('details' in event ? outsideFields(event) : laneFields(fact, event)),
  };
}

function laneFields({ lane, deployment, subject }: AuditFact, event: LaneEvent): JsonObject {
  return {
    ...SHAPES[event.type],
    target: lane && routeOf(lane),
    version: subject ? versionOf(subject) : null,
    reason: reasonOf(event),
    ip_address: null,
    user_agent: null,
    deployment_id: deployment,
    environment: lane?.environment ?? null,
    details: Object.fromEntries(Object.entries(event).filter(([field]) => !SAID_BEFORE.has(field))),
  };
}

/** Fields of a lane's event that have a place of their own in its entry. */
const SAID_BEFORE = new Set(['type', 'at', 'actor', 'deployment', 'lane']);

function outsideFields({ type, details }: OutsideEvent): JsonObject {
  const [subject = '', ...action] = type.split('.');
  return {
    category: details['category'] ?? (subject === 'configuration' ? 'configuration' : 'deployment'),
    action: action.join('.'),
    status: details['status'] ?? 'success',
    target: details['target'] ?? subject,
    version: details['version'] ?? null,
    reason: details['reason'] ?? null,
    ip_address: details['ipAddress'] ?? null,
    user_agent: details['userAgent'] ?? null,
    deployment_id: details['deployment'] ?? null,
    environment: details['environment'] ?? null,
    details,
  };
}

const versionOf = ({ revision, request }: Deployment): string | null => {
  const known = revision ?? request.revision;
  return known ? labelOf(known) : request.version;
};

function reasonOf(event: LaneEvent): Json {
  if ('reason' in event) return event.reason;
  if ('cause' in event) return event.cause;
  if ('outcome' in event) return event.outcome.reason;
  return 'request' in event ? event.request.reason : null;
}
