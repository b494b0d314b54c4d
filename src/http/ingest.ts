import { STATUS_CODES } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ControlPlane, IngestResult } from '../engine/control-plane.ts';
import type { RawRequest } from '../ports/trigger.ts';
import { followEvent, latestSequence } from './follow.ts';
import { pathOf, sendProblem } from './problem.ts';

/** A request as its trigger gets it; `headers` and `body` where they are not the caller's own. */
export function rawRequest(
  request: FastifyRequest,
  receivedAt: RawRequest['receivedAt'],
  body: Uint8Array,
  headers: RawRequest['headers'] = headersOf(request),
): RawRequest {
  return { headers, body, receivedAt, ipAddress: request.socket.remoteAddress ?? null };
}

/** One value a header, as triggers read them. */
const headersOf = ({ headers }: FastifyRequest): RawRequest['headers'] =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );

/** Sends an event in, and answers with what it has led to, if that is known soon. */
export async function ingestAndFollow(
  controlPlane: ControlPlane,
  request: FastifyRequest,
  reply: FastifyReply,
  ingest: () => Promise<IngestResult>,
): Promise<FastifyReply> {
  const since = await latestSequence(controlPlane);
  const result = await ingest();
  if (result.status !== 'accepted') return answerIngest(request, reply, result);
  const consequence = await followEvent(controlPlane, result.event, since);
  const [only, ...others] = consequence.deployments;
  if (only && others.length === 0) void reply.header('location', `/api/v1/deployments/${only.id}`);
  return reply.code(202).send({ ...result, ...consequence });
}

/** A duplicate and an ignored event are successes: the sender need not try again. */
export function answerIngest(
  request: FastifyRequest,
  reply: FastifyReply,
  result: IngestResult,
): FastifyReply {
  switch (result.status) {
    case 'accepted':
      return reply.code(202).send(result);
    case 'duplicate':
    case 'ignored':
      return reply.code(200).send(result);
    case 'refused': {
      const { httpStatus, field, reason } = result;
      const code = CODES[httpStatus] ?? 'invalid_event';
      return sendProblem(reply, {
        type: `urn:spillway:problem:${code}`,
        title: STATUS_CODES[httpStatus] ?? 'Error',
        status: httpStatus,
        detail: `${field}: ${reason}`,
        instance: pathOf(request.url),
        code,
        where: field,
        errors: [{ field, message: reason }],
      });
    }
  }
}

const CODES: Readonly<Record<number, 'signature_invalid' | 'not_permitted' | 'not_found' | 'too_large'>> = {
  401: 'signature_invalid',
  403: 'not_permitted',
  404: 'not_found',
  413: 'too_large',
};
