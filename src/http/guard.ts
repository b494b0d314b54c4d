import type { FastifyRequest } from 'fastify';
import { SpillwayError } from '../core/errors.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** Whether an address that a server listens on can be reached from this machine alone. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(host.replace(/^\[|\]$/g, ''));

/**
 * Keeps web pages and proxies away from an API that asks nobody who they are: a page that a user of this machine visits can
 * send requests to a loopback address (also under a name of its own, by DNS rebinding), and a proxy brings in strangers.
 * @throws SpillwayError `not_permitted`
 */
export function refuseStrangers({ headers }: FastifyRequest): void {
  const host = hostnameOf(`http://${headers.host ?? ''}`);
  if (host === undefined || !isLoopback(host))
    throw stranger('host', 'was sent to a name that is not this machine');
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${headers.host}`)
    throw stranger('origin', 'comes from a web page');
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw stranger('sec-fetch-site', 'comes from a web page');
  if (
    headers['x-forwarded-for'] !== undefined ||
    headers.forwarded !== undefined ||
    headers.via !== undefined
  )
    throw stranger('x-forwarded-for', 'came through a proxy');
}

const stranger = (header: string, how: string) =>
  new SpillwayError('not_permitted', `the request ${how}`, {
    where: `header ${header}`,
    hint: 'Use the command line on this machine; only /hooks/ and /health are for others.',
  });

function hostnameOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}
