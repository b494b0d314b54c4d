import { createHash, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SpillwayError } from '../core/errors.ts';
import type { TelemetrySignal } from '../ports/metrics.ts';
import type { Door, HttpOptions } from './options.ts';
import { pathOf, sendProblem } from './problem.ts';

/** An export of many instances, as it is sent and unpacked. */
const MAX_BYTES = { sent: 4 * 1024 * 1024, unpacked: 16 * 1024 * 1024 };
const unzip = promisify(gunzip);

/**
 * `POST /otlp/v1/metrics` and `/otlp/v1/traces`: OpenTelemetry over HTTP, as JSON. Who may send is asked before anything is read: whoever
 * has the token, and on the socket everybody.
 */
export async function telemetryRoutes(
  app: FastifyInstance,
  { telemetry }: HttpOptions,
  door: Door,
): Promise<void> {
  if (telemetry === null) return;
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    const check = async (request: FastifyRequest, reply: FastifyReply) => {
      if (door !== 'socket') authorize(request, telemetry.token());
      if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
        return onlyJson(request, reply);
    };
    for (const signal of ['metrics', 'traces'] as const)
      scope.post(
        `/otlp/v1/${signal}`,
        { bodyLimit: MAX_BYTES.sent, onRequest: check },
        async (request, reply) => reply.send(take(await telemetry.sink(), signal, await bodyOf(request))),
      );
    done();
  });
}

type Sink = Awaited<ReturnType<NonNullable<HttpOptions['telemetry']>['sink']>>;

function take(sink: Sink, signal: TelemetrySignal, body: unknown) {
  const { rejected, reason } = sink.accept(signal, body);
  if (rejected === 0) return {};
  const count =
    signal === 'metrics' ? { rejectedDataPoints: String(rejected) } : { rejectedSpans: String(rejected) };
  return { partialSuccess: { ...count, errorMessage: reason } };
}

/** @throws SpillwayError `not_permitted` without a token here, `signature_invalid` for another one */
function authorize({ headers }: FastifyRequest, token: string | undefined): void {
  if (token === undefined || token === '')
    throw new SpillwayError('not_permitted', 'telemetry is not taken in here', {
      where: 'SPILLWAY_OTLP_TOKEN',
      hint: 'Set the secret SPILLWAY_OTLP_TOKEN, and send it as "authorization: Bearer <token>".',
    });
  const digest = (text: string) => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`))) return;
  throw new SpillwayError('signature_invalid', 'the token is not the one that is set here', {
    where: 'header authorization',
    hint: 'OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer <token>"',
  });
}

const onlyJson = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  sendProblem(reply, {
    type: 'urn:spillway:problem:invalid_event',
    title: 'Unsupported Media Type',
    status: 415,
    detail: 'only OTLP as JSON is taken in (content-type: application/json)',
    instance: pathOf(request.url),
    code: 'invalid_event',
    where: 'header content-type',
    hint: 'Set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or "encoding: json" at an exporter otlphttp of the Collector.',
  });

/** @throws SpillwayError `too_large`, or `invalid_event` for what is no JSON */
async function bodyOf({ body, headers }: FastifyRequest): Promise<unknown> {
  const sent = body instanceof Uint8Array ? body : new Uint8Array();
  try {
    const bytes =
      headers['content-encoding'] === 'gzip'
        ? await unzip(sent, { maxOutputLength: MAX_BYTES.unpacked })
        : sent;
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new SpillwayError('too_large', `the body unpacks to more than ${MAX_BYTES.unpacked} bytes`, {
        cause: error,
      });
    throw new SpillwayError('invalid_event', 'the body is no JSON', { where: 'body', cause: error });
  }
}
