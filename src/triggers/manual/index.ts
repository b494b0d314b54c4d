import type { RawRequest, Received, Trigger } from '../../ports/trigger.ts';
import { mediaType, readJson, refuse, textOf } from '../body.ts';
import { manualRequest } from './schema.ts';

const MAX_BODY_BYTES = 256_000;
const DELIVERY_ID = /^[A-Za-z0-9_-]{1,100}$/;

/**
 * Deployments that people ask for by CLI, API or dashboard. Whoever calls has proved who asks; `actor` says it. The header
 * `idempotency-key` names the request, so that sending it again does nothing twice.
 * @param newId a fresh id for a request without that header
 */
export const manualTrigger = (newId: () => string): Trigger => ({
  maxBodyBytes: MAX_BODY_BYTES,
  receive: (request) => Promise.resolve(receive(request, newId)),
});

function receive(request: RawRequest, newId: () => string): Received {
  const { headers, body } = request;
  if (body.byteLength > MAX_BODY_BYTES) return refuse(413, 'body', `must be at most ${MAX_BODY_BYTES} bytes`);
  if (mediaType(headers) !== 'application/json')
    return refuse(415, 'content-type', 'must be application/json');
  const deliveryId = headers['idempotency-key'] ?? newId();
  if (!DELIVERY_ID.test(deliveryId))
    return refuse(400, 'idempotency-key', 'must be letters, digits, - and _, at most 100');
  const read = readJson(textOf(body), manualRequest);
  if (!read.ok) return read;
  const { application, environment, ref = null, version = null, reason, inputs, actor } = read.value;
  const isCommit = ref !== null && /^[0-9a-f]{40}$/.test(ref);
  return {
    ok: true,
    deliveryId,
    why: `${actor} asks for ${environment}`,
    event: {
      id: deliveryId,
      type: 'manual',
      source: 'api',
      actor,
      timestamp: request.receivedAt,
      gitRef: isCommit ? null : ref,
      commitSha: isCommit ? ref : null,
      version,
      metadata: {
        environment,
        ...(application === undefined ? {} : { application }),
        ...(reason === undefined ? {} : { reason }),
        inputs: inputs ?? {},
      },
      ipAddress: request.ipAddress,
      userAgent: headers['user-agent'] ?? null,
    },
  };
}
