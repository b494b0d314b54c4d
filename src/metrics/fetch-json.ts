import { request, type Dispatcher } from 'undici';
import { messageOf, SpillwayError } from '../core/errors.ts';

export interface JsonRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Posted as a form; without it the address is read. */
  readonly form?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Longer answers are not read to their end. */
  readonly maxBytes: number;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Asks an HTTP endpoint for JSON. Redirects are not followed: headers may hold secrets, and the configured address is the one meant.
 * @throws SpillwayError `timeout`, `unavailable`, `too_large`, or `corrupt` for what is no JSON
 */
export async function fetchJson(asked: JsonRequest): Promise<JsonAnswer> {
  const where = placeOf(asked.url);
  const signal = AbortSignal.timeout(asked.timeoutMs);
  try {
    const answer = await request(asked.url, {
      headers: {
        accept: 'application/json',
        'user-agent': 'spillway',
        ...(asked.form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...asked.headers,
      },
      ...(asked.form && { method: 'POST', body: new URLSearchParams(asked.form).toString() }),
      signal,
    });
    const { statusCode: status, headers } = answer;
    const text = await bodyOf(answer, asked.maxBytes, where);
    if (status >= 300 && status < 400)
      throw new SpillwayError(
        'unavailable',
        `${where} points elsewhere (${status} to ${placeOf(first(headers.location))})`,
        {
          where,
          hint: 'Configure the address that it points to; redirects are not followed.',
        },
      );
    return { status, body: parsed(text, status, where) };
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    if (signal.aborted)
      throw new SpillwayError('timeout', `${where} did not answer within ${asked.timeoutMs} ms`, { where });
    const cause = error instanceof AggregateError ? error.errors[0] : error;
    throw new SpillwayError('unavailable', `${where} cannot be asked: ${messageOf(cause)}`, { where, cause });
  }
}

async function bodyOf({ body }: Dispatcher.ResponseData, maxBytes: number, where: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length > maxBytes)
      throw new SpillwayError('too_large', `${where} answers with more than ${maxBytes} bytes`, { where });
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string, status: number, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    if (status >= 400) return undefined; // an error page; its status says enough
    throw new SpillwayError('corrupt', `${where} does not answer with JSON (status ${status})`, { where });
  }
}

const first = (header: string | string[] | undefined) => (Array.isArray(header) ? header[0] : header) ?? '';

/** Host and path of an address: what else is in it may be secret. */
export function placeOf(url: string): string {
  if (!URL.canParse(url)) return 'an address that is none';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
