import { createHmac } from 'node:crypto';
import { isoTime } from '../../core/iso-time.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Notification } from '../../core/notification.ts';
import type { Instant } from '../../core/time.ts';

/** The delivery's key without dots, which separate the parts of what is signed. */
export const messageId = (key: string) => key.replaceAll('.', '-');

/**
 * A notification as a CloudEvent in structured mode.
 * Source: CloudEvents 1.0.2, JSON format; `id` and `source` together name the event for ever.
 */
export const cloudEvent = (message: Notification, id: string): JsonObject => ({
  specversion: '1.0',
  id,
  type: `dev.spillway.${message.type}`,
  source: sourceOf(message),
  time: isoTime(message.at),
  datacontenttype: 'application/json',
  data: {
    type: message.type,
    severity: message.severity,
    title: message.title,
    fields: { ...message.fields },
  },
});

function sourceOf({ fields }: Notification): string {
  const parts = [fields['application'], fields['environment']].filter((part) => part !== undefined);
  return `/spillway/${parts.map(encodeURIComponent).join('/')}`;
}

/**
 * The headers that prove a message. Source: Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`, base64, with the
 * timestamp in seconds.
 */
export function signatureHeaders(
  secret: string | null,
  id: string,
  at: Instant,
  body: string,
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const named = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === null) return named;
  const digest = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...named, 'webhook-signature': `v1,${digest}` };
}

const keyOf = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
