import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/** A PostgreSQL of this machine: on loopback, in a folder that goes with it, as durable as in earnest. */
export interface RunningPostgres {
  /** Its process, to be stopped and continued. */
  readonly pid: () => number;
  /** The address of a database. */
  url(database: string): string;
  /** Makes a database, empty or as a copy of another to which nobody is connected. @returns its address */
  createDatabase(template?: string): Promise<string>;
  /** SQL from outside any store. */
  query(
    database: string,
    text: string,
    values?: readonly unknown[],
  ): Promise<readonly Record<string, unknown>[]>;
  /** Ends it as a crash would (`immediate`: nothing is written back) and starts it again. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const DEBIAN = '/usr/lib/postgresql';
/** Debian keeps each version's programs in a folder of its own, of which none is on the path. */
const programs = existsSync(DEBIAN)
  ? readdirSync(DEBIAN)
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(DEBIAN, version, 'bin'))
      .find((folder) => existsSync(join(folder, 'initdb')))
  : undefined;

/** Why tests with it are left out; undefined where it is installed, and in CI, where it must be. */
export const noPostgres: string | undefined =
  programs !== undefined || process.env['CI'] === 'true'
    ? undefined
    : 'PostgreSQL is not installed (Debian: apt-get install postgresql)';

/** PostgreSQL refuses to run as root: then it runs as the user that its package has made. */
const asUser =
  process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];

/** A program of PostgreSQL as its user, to be run or spawned. */
export function postgresCommand(program: string, args: readonly string[]): readonly [string, string[]] {
  const [first = '', ...rest] = [...asUser, join(programs ?? '', program), ...args];
  return [first, rest];
}

const USER = 'spillway';
const PASSWORD = 'not-to-be-told';

export async function startPostgres(): Promise<RunningPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'spillway-postgres-'));
  await giveToPostgres(dir);
  const data = join(dir, 'data');
  // What is not synchronised here is only the empty cluster; it runs with fsync on.
  await run(
    ...postgresCommand('initdb', [
      '-D',
      data,
      '-U',
      USER,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-sync',
      '--no-instructions',
    ]),
  );
  const port = await freePort();
  let server: ChildProcess | undefined;
  let databases = 0;
  const url = (database: string) => `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;

  const query: RunningPostgres['query'] = async (database, text, values = []) => {
    const client = new Client({ connectionString: url(database) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  const start = async () => {
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: dir,
      max_connections: 200,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = spawn(...postgresCommand('postgres', ['-D', data, ...flags]), { stdio: 'ignore' });
    for (let tries = 0; ; tries += 1) {
      const trouble = await query('postgres', 'SELECT 1').then(
        () => undefined,
        (error: unknown) => error,
      );
      if (trouble === undefined) return;
      if (tries > 2000 || server.exitCode !== null) throw trouble;
      await wait(25);
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = server && server.exitCode === null ? once(server, 'exit') : undefined;
    server?.kill(signal);
    await ended;
  };

  await start();
  return {
    pid: () => server?.pid ?? 0,
    url,
    query,
    start,
    createDatabase: async (template = 'template0') => {
      databases += 1;
      const name = `store_${databases}`;
      await query('postgres', `CREATE DATABASE ${name} TEMPLATE ${template}`);
      return url(name);
    },
    // What pg_ctl's "immediate" sends.
    crash: () => end('SIGQUIT'),
    stop: async () => {
      await end('SIGQUIT');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Lets the servers keep data in a folder. */
export async function giveToPostgres(dir: string): Promise<void> {
  if (asUser.length > 0) await chown(dir, ...(await idsOf('postgres')));
}

async function idsOf(user: string): Promise<readonly [uid: number, gid: number]> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, user])).stdout)),
  );
  return [uid ?? 0, gid ?? 0];
}
