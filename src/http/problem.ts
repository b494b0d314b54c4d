import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { SpillwayError, type ErrorCode } from '../core/errors.ts';
import type { HttpOptions } from './options.ts';

/** Problem details (RFC 9457), with what Spillway adds: a code to tell errors apart by, where it is, what to do next. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ErrorCode | 'internal';
  readonly where?: string;
  readonly hint?: string;
  /** Fields of the request that are wrong. */
  readonly errors?: readonly FieldError[];
}

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** An input that names its wrong fields. */
export class InvalidInput extends SpillwayError {
  readonly fields: readonly FieldError[];

  constructor(fields: readonly FieldError[]) {
    const [first] = fields;
    super('invalid_event', first ? `${first.field}: ${first.message}` : 'the request is not valid', {
      ...(first && { where: first.field }),
    });
    this.fields = fields;
  }
}

const STATUS: Record<ErrorCode, number> = {
  config_invalid: 422,
  not_built: 501,
  unknown_kind: 422,
  not_found: 404,
  not_permitted: 403,
  invalid_event: 400,
  signature_invalid: 401,
  too_large: 413,
  stale_fence: 409,
  conflict: 409,
  timeout: 504,
  unavailable: 503,
  command_failed: 502,
  corrupt: 500,
};

/** @param status where the caller knows better than the code's own */
function problemOf(error: SpillwayError, instance: string, status = STATUS[error.code]): Problem {
  return {
    type: `urn:spillway:problem:${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: error.message,
    instance,
    code: error.code,
    ...(error.where !== undefined && { where: error.where }),
    ...(error.hint !== undefined && { hint: error.hint }),
    ...(error instanceof InvalidInput && { errors: error.fields }),
  };
}

/** Every answer that is not a success leaves as problem details, those of the framework included. */
export function answerWithProblems(app: FastifyInstance, { onError }: HttpOptions): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const where = `${request.method} ${pathOf(request.url)}`;
    if (!(error instanceof SpillwayError) && (error.statusCode ?? 500) >= 500) onError(error, where);
    return sendProblem(reply, toProblem(error, pathOf(request.url)));
  });
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url);
    const error = new SpillwayError('not_found', `there is no ${request.method} ${path}`, { where: path });
    return sendProblem(reply, problemOf(error, path));
  });
}

export const sendProblem = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply.code(problem.status).type('application/problem+json').send(problem);

function toProblem(error: FastifyError, path: string): Problem {
  if (error instanceof SpillwayError) return problemOf(error, path);
  const status = error.statusCode ?? 500;
  if (status === 413)
    return problemOf(new SpillwayError('too_large', 'the body is larger than allowed'), path);
  if (status < 500) return problemOf(new SpillwayError('invalid_event', error.message), path, status);
  return {
    type: 'urn:spillway:problem:internal',
    title: 'Internal Server Error',
    status: 500,
    detail: 'something went wrong inside Spillway',
    instance: path,
    code: 'internal',
    hint: 'The log of the server says what.',
  };
}

/** Without the query: it is not echoed, since it may hold what should not be in a log. */
export const pathOf = (url: string): string => url.split('?', 1)[0] ?? '/';
