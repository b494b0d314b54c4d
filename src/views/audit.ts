import { auditEntry, type AuditCategory } from '../core/audit.ts';
import type { Deployment } from '../core/deployment.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredEvent } from '../ports/store.ts';
import { tell } from './sentence.ts';

const CATEGORIES: Record<AuditCategory, true> = {
  deployment: true,
  rollback: true,
  approval: true,
  configuration: true,
  security: true,
  incident: true,
};
export const AUDIT_CATEGORIES = Object.keys(CATEGORIES) as readonly AuditCategory[];

/** An entry of the audit log with what makes it readable: its place in the log, and the event in words. */
export interface AuditEvent extends JsonObject {
  /** The cursor of queries. */
  readonly sequence: number;
  readonly summary: string;
  readonly timestamp: string;
  readonly actor: string;
  readonly category: string;
  readonly status: string;
  readonly target: string;
  readonly version: string | null;
}

/** @param subject the deployment that the event belongs to, where it belongs to one */
export function auditEventOf(stored: StoredEvent, subject: Deployment | undefined): AuditEvent {
  const { sequence, id, lane, deployment, event } = stored;
  const entry = auditEntry({ id, lane, deployment, event, subject });
  return { ...entry, sequence, summary: tell(event).text } as AuditEvent;
}
