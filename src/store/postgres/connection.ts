import { Client } from 'pg';
import type { ClientBase, ClientConfig } from 'pg';
import { SpillwayError } from '../../core/errors.ts';
import { SCHEMA } from './names.ts';

const BIGINT = 20;

export interface Address {
  readonly config: ClientConfig;
  /** For people: without user and password. */
  readonly where: string;
}

/**
 * @param url `postgres://user:password@host:port/database`, or with `?host=/run/postgresql` for a socket; what it leaves
 *   out is taken from the variables of libpq (PGHOST and so on)
 * @param timeoutMs how long a connection may take
 * @throws SpillwayError `config_invalid`, which does not show the address: it has the password in it
 */
export function addressOf(url: string, timeoutMs: number): Address {
  const config: ClientConfig = {
    connectionString: url,
    application_name: 'spillway',
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
  };
  const known = /^postgres(ql)?:/.test(url) ? clientOf(config) : undefined;
  if (known) return { config, where: `postgres://${known.host}:${known.port}/${known.database ?? ''}` };
  throw new SpillwayError('config_invalid', 'this is not an address of a PostgreSQL database', {
    hint: 'Write it as postgres://user:password@host:port/database; what is not a letter or a digit in a password is written as %XX.',
  });
}

/** What is thrown for an address tells it, so it goes no further. */
function clientOf(config: ClientConfig): Client | undefined {
  try {
    return new Client(config);
  } catch {
    return undefined;
  }
}

/** Makes a new connection one of ours. Plans are small, so that compiling them would cost more than it saves. */
export async function prepareSession(client: ClientBase): Promise<void> {
  client.setTypeParser(BIGINT, 'text', safeInteger);
  await client.query(`SET search_path = ${SCHEMA}; SET jit = off`);
}

function safeInteger(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw new SpillwayError('corrupt', `PostgreSQL gave a number that is too large: ${text}`);
}

/** A connection of its own. @param onEnd told once when it is over, also when it was not made at all */
export async function connect(
  { config }: Address,
  more: ClientConfig,
  onEnd: (ended: Client) => void,
): Promise<Client> {
  const client = new Client({ ...config, ...more });
  // An error of the connection is followed by its end; those who wait for an answer are told by their queries.
  client.on('error', () => {});
  client.once('end', () => onEnd(client));
  try {
    await client.connect();
    await prepareSession(client);
    return client;
  } catch (error) {
    breakOff(client);
    throw error;
  }
}

/** Ends a connection without a word: it may not answer any more. */
export function breakOff(client: Client): void {
  client.connection.stream.destroy();
}
