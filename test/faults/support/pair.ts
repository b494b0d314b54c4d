import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from '../../support/free-port.ts';
import { giveToPostgres, postgresCommand } from '../../support/postgres.ts';
import { Forwarder } from './forwarder.ts';

const run = promisify(execFile);
const USER = 'spillway';
const DATABASE = 'store';
/** By this name the standby is known to the primary, which confirms no commit before it has it on its disk. */
const STANDBY = 'standby';
const LOOK_EVERY_MS = 50;
const START_LIMIT_MS = 60_000;

interface Server {
  readonly port: number;
  readonly process: ChildProcess;
}

/** A PostgreSQL and its synchronous standby behind one address, and what takes its place when it dies. */
export class Pair {
  readonly #folder: string;
  readonly #forwarder: Forwarder;
  #primary: Server;
  #standby: Server;
  #servers = 2;

  private constructor(folder: string, forwarder: Forwarder, primary: Server, standby: Server) {
    this.#folder = folder;
    this.#forwarder = forwarder;
    this.#primary = primary;
    this.#standby = standby;
  }

  /** @param folder an empty one; it is PostgreSQL's from then on */
  static async start(folder: string): Promise<Pair> {
    await giveToPostgres(folder);
    const data = join(folder, 'server-1');
    await run(
      ...postgresCommand('initdb', ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-sync']),
    );
    const primary = await startServer(data, folder);
    const standby = await standbyOf(primary, join(folder, 'server-2'), folder);
    await query(primary.port, `CREATE DATABASE ${DATABASE} TEMPLATE template0`, 'postgres');
    return new Pair(folder, await Forwarder.start(primary.port), primary, standby);
  }

  get url(): string {
    return `postgres://${USER}@127.0.0.1:${this.#forwarder.port}/${DATABASE}`;
  }

  /** The primary dies, the standby becomes what it was, and gets a standby of its own. */
  async failOver(): Promise<void> {
    const dead = this.#primary;
    dead.process.kill('SIGKILL');
    await query(this.#standby.port, 'SELECT pg_promote(true, 30)');
    this.#primary = this.#standby;
    this.#forwarder.moveTo(this.#primary.port);
    this.#servers += 1;
    this.#standby = await standbyOf(
      this.#primary,
      join(this.#folder, `server-${this.#servers}`),
      this.#folder,
    );
  }

  async stop(): Promise<void> {
    this.#forwarder.close();
    for (const { process } of [this.#standby, this.#primary]) {
      const ended = process.exitCode === null ? once(process, 'exit') : undefined;
      process.kill('SIGQUIT');
      await ended;
    }
  }
}

async function standbyOf(primary: Server, data: string, folder: string): Promise<Server> {
  const from = ['-h', '127.0.0.1', '-p', String(primary.port), '-U', USER];
  await run(
    ...postgresCommand('pg_basebackup', [
      '-D',
      data,
      ...from,
      '-R',
      '-c',
      'fast',
      '-X',
      'stream',
      '--no-sync',
    ]),
  );
  const standby = await startServer(data, folder);
  const attached = `SELECT 1 FROM pg_stat_replication WHERE application_name = '${STANDBY}' AND sync_state = 'sync'`;
  const over = performance.now() + START_LIMIT_MS;
  while ((await query(primary.port, attached)).length === 0) {
    if (performance.now() > over) throw new Error('the standby does not follow');
    await sleep(LOOK_EVERY_MS);
  }
  return standby;
}

async function startServer(data: string, folder: string): Promise<Server> {
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: folder,
    max_connections: 100,
    cluster_name: STANDBY,
    synchronous_standby_names: STANDBY,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(...postgresCommand('postgres', ['-D', data, ...flags]), { stdio: 'ignore' });
  const over = performance.now() + START_LIMIT_MS;
  for (;;) {
    const trouble = await query(port, 'SELECT 1').catch((error: unknown) => error);
    if (Array.isArray(trouble)) return { port, process: server };
    if (server.exitCode !== null || performance.now() > over) throw trouble;
    await sleep(LOOK_EVERY_MS);
  }
}

async function query(port: number, text: string, database = 'postgres'): Promise<readonly unknown[]> {
  const client = new Client({ host: '127.0.0.1', port, user: USER, database });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
