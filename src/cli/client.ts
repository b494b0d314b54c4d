import { request, type IncomingMessage } from 'node:http';
import { SpillwayError, type ErrorCode } from '../core/errors.ts';
import { ACTOR_HEADER } from '../http/options.ts';
import { socketIn, socketsIn } from './discover.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Client {
  get<Answer>(path: string, query?: Query): Promise<Answer>;
  post<Answer>(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** An answer of any length, as it arrives. */
  stream(path: string, query: Query, headers: Readonly<Record<string, string>>): Promise<IncomingMessage>;
}

/**
 * Speaks to the server of a data folder over its socket. Every method throws a SpillwayError: what the server said no with, or
 * `unavailable` when none runs.
 */
export function createClient(dataDir: string, user: string, signal: AbortSignal): Client {
  let sockets: readonly string[] | undefined;
  const base = { [ACTOR_HEADER]: encodeURIComponent(user), 'user-agent': 'spillway-cli' };
  const sendTo = (socketPath: string, { method, path, headers, body }: Call) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const call = request({ socketPath, method, path, headers: { ...base, ...headers }, signal }, resolve);
      call.once('error', reject);
      call.end(body);
    });
  /** Replicas answer for each other: the first socket that anybody listens on is the server's. */
  const send = async (call: Call): Promise<IncomingMessage> => {
    let last: unknown;
    for (const socket of (sockets ??= socketsIn(dataDir)))
      try {
        return await sendTo(socket, call);
      } catch (error) {
        last ??= error;
        if (!nobodyListens(error)) throw unreachable(error as NodeJS.ErrnoException, socket);
      }
    sockets = undefined;
    throw unreachable(last as NodeJS.ErrnoException, socketIn(dataDir));
  };
  return {
    get: async (path, query = {}) =>
      read(await send({ method: 'GET', path: withQuery(path, query), headers: {} })),
    post: async (path, body, headers = {}) => {
      const json = { 'content-type': 'application/json', ...headers };
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return read(await send({ method: 'POST', path, headers: json, body: text }));
    },
    stream: async (path, query, headers) => {
      const answer = await send({ method: 'GET', path: withQuery(path, query), headers });
      if ((answer.statusCode ?? 500) >= 400) await read(answer);
      return answer;
    },
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const nobodyListens = (error: unknown): boolean =>
  ['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '');

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

async function read<Answer>(answer: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer) chunks.push(chunk as Uint8Array);
  const text = Buffer.concat(chunks).toString();
  const body = parse(text);
  if ((answer.statusCode ?? 500) < 400) return body as Answer;
  throw refusal(body, answer.statusCode ?? 500);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SpillwayError('unavailable', 'what answers on the socket is not Spillway');
  }
}

/** Problem details as the error that they tell of. */
function refusal(body: unknown, status: number): SpillwayError {
  const { code, detail, where, hint, errors } = body as {
    readonly code?: ErrorCode | 'internal';
    readonly detail?: string;
    readonly where?: string;
    readonly hint?: string;
    readonly errors?: readonly { readonly field: string; readonly message: string }[];
  };
  const all = errors?.map(({ field, message }) => `${field}: ${message}`).join('; ');
  const known = code === undefined || code === 'internal' ? 'unavailable' : code;
  return new SpillwayError(known, all || (detail ?? `the server answered ${status}`), {
    ...(where !== undefined && { where }),
    ...(hint !== undefined && { hint }),
  });
}

function unreachable(error: NodeJS.ErrnoException, where: string): SpillwayError {
  const { code } = error;
  if (nobodyListens(error))
    return new SpillwayError('unavailable', 'the Spillway server is not running', {
      where,
      hint: 'Start it: spillway up, in the folder of spillway.yaml. Traffic is not affected: see spillway edge status',
    });
  if (code === 'EACCES' || code === 'EPERM')
    return new SpillwayError('not_permitted', 'the server belongs to another user', {
      where,
      hint: 'Run the command as the user that runs spillway up.',
    });
  return new SpillwayError('unavailable', 'the connection to the server was lost', { where, cause: error });
}
