import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RawRequest } from '../ports/trigger.ts';
import { refuse, type Read } from './body.ts';

const DELIVERY_ID = /^[A-Za-z0-9-]{1,100}$/;

/** The id of a delivery that GitHub has signed with one of the secrets; why it is not believed otherwise. */
export function authentic({ headers, body }: RawRequest, secrets: readonly string[]): Read<string> {
  const objection = signatureObjection(headers['x-hub-signature-256'], body, secrets);
  if (objection) return refuse(401, 'x-hub-signature-256', objection);
  const deliveryId = headers['x-github-delivery'] ?? '';
  return DELIVERY_ID.test(deliveryId)
    ? { ok: true, value: deliveryId }
    : refuse(400, 'x-github-delivery', 'must be an id of letters, digits and -');
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
