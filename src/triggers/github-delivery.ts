import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RawRequest } from '../ports/trigger.ts';
import { refuse, type Read } from './body.ts';

const DELIVERY_ID = /^[A-Za-z0-9-]{1,100}$/;
const EVENT_NAME = /^[a-z_]{1,50}$/;

/** What the headers of a delivery tell. */
export interface Delivery {
  readonly id: string;
  /** Name of GitHub's event. */
  readonly kind: string;
}

/**
 * A delivery that GitHub has signed with one of the secrets; why it is not believed otherwise.
 * @param largest in bytes of the body
 */
export function authentic(
  { headers, body }: RawRequest,
  secrets: readonly string[],
  largest: number,
): Read<Delivery> {
  if (body.byteLength > largest) return refuse(413, 'body', `must be at most ${largest} bytes`);
  const objection = signatureObjection(headers['x-hub-signature-256'], body, secrets);
  if (objection) return refuse(401, 'x-hub-signature-256', objection);
  const id = headers['x-github-delivery'] ?? '';
  if (!DELIVERY_ID.test(id))
    return refuse(400, 'x-github-delivery', 'must be an id of letters, digits and -');
  const kind = headers['x-github-event'] ?? '';
  if (!EVENT_NAME.test(kind)) return refuse(400, 'x-github-event', 'must name an event');
  return { ok: true, value: { id, kind } };
}

/** Compares with every secret in constant time. */
function signatureObjection(
  header: string | undefined,
  body: Uint8Array,
  secrets: readonly string[],
): string | undefined {
  if (header === undefined) return 'is missing; set a secret on the webhook';
  const [, hex] = /^sha256=([0-9a-f]{64})$/.exec(header) ?? [];
  if (hex === undefined) return 'must be sha256= and 64 hex digits';
  const given = Buffer.from(hex, 'hex');
  let matches = false;
  for (const secret of secrets)
    if (timingSafeEqual(given, createHmac('sha256', secret).update(body).digest())) matches = true;
  return matches ? undefined : 'does not fit the body; the secret differs, or the body was changed';
}
