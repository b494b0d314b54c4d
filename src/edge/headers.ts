import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Fields that concern one connection only (RFC 9110, 7.6.1), and Expect, which the listener has answered. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** Written anew for each request. */
const FORWARDED_FOR = 'x-forwarded-for';
const REQUEST_DROPS = new Set([...HOP_BY_HOP, FORWARDED_FOR]);

/** By length, whether a name may be in the set: spares most names the lower-casing. */
function lengthsOf(names: ReadonlySet<string>): readonly boolean[] {
  const lengths: boolean[] = Array.from({ length: 64 }, () => false);
  for (const name of names) lengths[name.length] = true;
  return lengths;
}
const REQUEST_LENGTHS = lengthsOf(REQUEST_DROPS);

const IPV4_IN_IPV6 = '::ffff:';

function clientAddress(req: IncomingMessage): string {
  const address = req.socket.remoteAddress ?? 'unknown';
  return address.startsWith(IPV4_IN_IPV6) ? address.slice(IPV4_IN_IPV6.length) : address;
}

/** What tells a client without a cookie from others, as far as it can be told: the addresses on the way and the program's name. */
export function visitorAddress(req: IncomingMessage): string {
  const before = req.headers[FORWARDED_FOR];
  const program = req.headers['user-agent'] ?? '';
  return `${before === undefined ? clientAddress(req) : String(before)} ${program}`;
}

/** Names that a Connection field declares to be of this connection only; undefined when it lists just an option. */
function connectionNames(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  );
}

/**
 * The client's fields as they go to the instance: those of the connection removed, X-Forwarded-For extended by the client's
 * address, X-Forwarded-Proto and -Host set where a proxy in front has not.
 * @param authority from a request in absolute form, which outranks the Host field
 * @returns alternating names and values
 */
export function requestHeaders(req: IncomingMessage, authority: string | undefined): string[] {
  const { rawHeaders, headers } = req;
  const dropped = connectionNames(headers.connection);
  const out: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (REQUEST_LENGTHS[name.length] === true && REQUEST_DROPS.has(name.toLowerCase())) continue;
    if (dropped?.has(name.toLowerCase()) === true) continue;
    const isHost = authority !== undefined && name.length === 4 && name.toLowerCase() === 'host';
    out.push(name, isHost ? authority : (rawHeaders[i + 1] ?? ''));
  }
  const before = headers[FORWARDED_FOR];
  const address = clientAddress(req);
  out.push(FORWARDED_FOR, before === undefined ? address : `${String(before)}, ${address}`);
  if (headers['x-forwarded-proto'] === undefined) out.push('x-forwarded-proto', 'http');
  if (headers['x-forwarded-host'] === undefined)
    out.push('x-forwarded-host', authority ?? headers.host ?? '');
  return out;
}

/**
 * The instance's fields as they go to the client.
 * @param keepTrailer whether trailers can follow, so that their announcement may stay
 * @returns alternating names and values; a field that came several times has a list as its value
 */
export function responseHeaders(headers: IncomingHttpHeaders, keepTrailer: boolean): (string | string[])[] {
  const out: (string | string[])[] = [];
  const dropped = connectionNames(headers.connection);
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || dropped?.has(name) === true) continue;
    if (HOP_BY_HOP.has(name) && !(keepTrailer && name === 'trailer')) continue;
    out.push(name, value);
  }
  return out;
}
