import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, SpillwayError, type ErrorCode } from '../core/errors.ts';
import { BUCKETS } from '../judge/histogram.ts';
import type { Edge } from './edge.ts';
import { parseRouting, wholeNumber } from './routing.ts';
import type { WireError } from './wire.ts';

const BODY_LIMIT = 1 << 20;
const LONGEST_DRAIN_MS = 86_400_000;
/** So many buckets of a route can be watched at once. */
const MOST_WATCHED = 16;

const STATUS: Partial<Record<ErrorCode, number>> = {
  config_invalid: 400,
  not_found: 404,
  stale_fence: 409,
  conflict: 409,
  too_large: 413,
};

/**
 * The control API: GET /routes, PUT /routes/<encoded route>, POST /drain, POST /watch-slow, GET /counts?route=, GET /status.
 * @param ready answers wait for it: before the kept routes are known, a `set` would write a state without them
 */
export function createControl(edge: Edge, ready: Promise<void>): Server {
  const server = createServer((req, res) => {
    const body = ready.then(() => answer(edge, req));
    void body.then(
      (value) => send(res, 200, value),
      (error: unknown) => sendError(res, error),
    );
  });
  // A drain answers when it is over.
  server.requestTimeout = 0;
  return server;
}

async function answer(edge: Edge, req: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://edge');
  const action = `${req.method} ${pathname}`;
  if (action === 'GET /routes') return edge.routes();
  if (action === 'GET /counts') return edge.counts(searchParams.get('route') ?? '');
  if (action === 'GET /status') return edge.status();
  if (action === 'POST /drain') return drain(edge, await readJson(req));
  if (action === 'POST /watch-slow') return watchSlow(edge, await readJson(req));
  if (action.startsWith('PUT /routes/'))
    return put(edge, pathname.slice('/routes/'.length), await readJson(req));
  throw new SpillwayError('not_found', `the edge does not know ${action}`);
}

async function put(edge: Edge, encoded: string, body: Record<string, unknown>): Promise<unknown> {
  const routing = parseRouting(body['routing']);
  if (encodeURIComponent(routing.route) !== encoded) {
    throw new SpillwayError('config_invalid', `the path does not name the route ${routing.route}`, {
      where: 'route',
    });
  }
  await edge.set(routing, wholeNumber(body['fence'], 'fence', 0, Number.MAX_SAFE_INTEGER));
  return {};
}

async function drain(edge: Edge, body: Record<string, unknown>): Promise<unknown> {
  const { route, instances } = body;
  const limit = wholeNumber(body['limitMs'], 'limitMs', 0, LONGEST_DRAIN_MS);
  if (
    typeof route !== 'string' ||
    !Array.isArray(instances) ||
    !instances.every((one) => typeof one === 'string')
  ) {
    throw new SpillwayError('config_invalid', 'a drain names a route and a list of instances', {
      where: 'drain',
    });
  }
  return { left: await edge.drain(route, instances, limit) };
}

function watchSlow(edge: Edge, { route, buckets }: Record<string, unknown>): object {
  if (typeof route !== 'string' || !Array.isArray(buckets) || buckets.length > MOST_WATCHED) {
    throw new SpillwayError('config_invalid', `a watch names a route and at most ${MOST_WATCHED} buckets`, {
      where: 'watch-slow',
    });
  }
  edge.watchSlow(
    route,
    buckets.map((bucket: unknown, i) => wholeNumber(bucket, `buckets[${i}]`, 0, BUCKETS - 1)),
  );
  return {};
}

async function readJson(req: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) throw new SpillwayError('too_large', `a body has at most ${BODY_LIMIT} bytes`);
    chunks.push(chunk as Buffer);
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
    throw new Error('it is no object');
  } catch (error) {
    throw new SpillwayError(
      'config_invalid',
      `the body is not the JSON object expected: ${messageOf(error)}`,
      {
        where: 'body',
      },
    );
  }
}

function sendError(res: ServerResponse, error: unknown): void {
  const known = error instanceof SpillwayError ? error : new SpillwayError('unavailable', messageOf(error));
  const body: WireError = {
    code: known.code,
    message: known.message,
    ...(known.where === undefined ? {} : { where: known.where }),
    ...(known.hint === undefined ? {} : { hint: known.hint }),
  };
  send(res, STATUS[known.code] ?? 500, body);
}

function send(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
