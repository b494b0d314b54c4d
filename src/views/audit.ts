import type { DeploymentId } from '../core/ids.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { StoredEvent } from '../ports/store.ts';
import { tell } from './sentence.ts';
import { utc } from './words.ts';

export const AUDIT_CATEGORIES = [
  'deployment',
  'rollback',
  'approval',
  'configuration',
  'security',
  'incident',
] as const;
export type AuditCategory = (typeof AUDIT_CATEGORIES)[number];

/** One action by a person or a machine, in the form that auditors ask for. */
export interface AuditEvent {
  readonly event_id: string;
  /** Position in the log; the cursor of queries. */
  readonly sequence: number;
  readonly event_type: string;
  readonly category: AuditCategory;
  readonly timestamp: string;
  readonly actor: string;
  /** In words. */
  readonly action: string;
  /** `application/environment`, or `server`. */
  readonly target: string;
  readonly environment: string | null;
  readonly version: string | null;
  readonly deployment_id: DeploymentId | null;
  readonly status: 'success' | 'failure' | 'warning' | 'info';
  readonly reason: string | null;
  readonly ip_address: string | null;
  readonly user_agent: string | null;
  readonly details: JsonObject;
}

const STATUS = { good: 'success', bad: 'failure', warn: 'warning', plain: 'info', quiet: 'info' } as const;
/** Known to every event, and so left out of `details`. */
const COMMON = new Set(['type', 'at', 'actor', 'deployment', 'lane']);

/** @param version of the deployment that the event belongs to, where it belongs to one */
export function auditEventOf(stored: StoredEvent, version: string | null): AuditEvent {
  const { event, lane } = stored;
  const { tone, text } = tell(event);
  const details = detailsOf(event);
  return {
    event_id: stored.id,
    sequence: stored.sequence,
    event_type: event.type,
    category: categoryOf(event.type),
    timestamp: utc(event.at),
    actor: event.actor,
    action: text,
    target: lane ? `${lane.application}/${lane.environment}` : 'server',
    environment: lane?.environment ?? null,
    version,
    deployment_id: stored.deployment,
    status: STATUS[tone],
    reason: textOf(details['reason']) ?? textOf(details['cause']),
    ip_address: textOf(details['ipAddress']),
    user_agent: textOf(details['userAgent']),
    details,
  };
}

/** Which of the audit's categories a type of event falls under. */
export function categoryOf(type: string): AuditCategory {
  const [family = '', what = ''] = type.split('.');
  if (family === 'rollback') return 'rollback';
  if (family === 'approval' || what === 'approved' || what === 'awaiting_approval') return 'approval';
  if (family === 'configuration') return 'configuration';
  if (family === 'incident' || family === 'environment') return 'incident';
  return family === 'event' && what !== 'accepted' && what !== 'received' ? 'security' : 'deployment';
}

function detailsOf(event: StoredEvent['event']): JsonObject {
  if ('details' in event) return event.details;
  const own = Object.entries(event).filter(([key]) => !COMMON.has(key));
  return Object.fromEntries(own) as JsonObject;
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null);
