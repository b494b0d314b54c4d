import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FromServer, ToServer } from '../crash/server.ts';

const PROGRAM = join(import.meta.dirname, '..', 'crash', 'server.ts');

/** Where a server works. */
export interface ServerPlace {
  readonly dir: string;
  readonly dataDir: string;
  /** What its store did, see `Act`. */
  readonly acts: string;
  readonly log: string;
  /** That of its data folder when not given, or the one that the environment names. */
  readonly database?: string;
}

/** A server in a process of its own that can be told at which write to die. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** Epoch milliseconds. */
  readonly spawnedAt = Date.now();
  readyAt = Number.NaN;

  private constructor(place: ServerPlace) {
    const log = openSync(place.log, 'a');
    this.#child = fork(PROGRAM, [place.dir, place.dataDir, place.acts], {
      execArgv: [],
      stdio: ['ignore', log, log, 'ipc'],
      // The service runs on the very Node that the test runs on.
      env: {
        ...process.env,
        PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
        ...(place.database !== undefined && { SPILLWAY_DATABASE: place.database }),
      },
    });
    closeSync(log);
    this.#exited = once(this.#child, 'exit');
  }

  /** Starts one, and returns when it is ready. */
  static async start(place: ServerPlace): Promise<ServerProcess> {
    const server = new ServerProcess(place);
    const ready = once(server.#child, 'message') as Promise<[FromServer]>;
    const first = await Promise.race([ready, server.#exited.then(() => undefined)]);
    if (first === undefined) throw new Error(`the server did not start:\n${lastLines(place.log)}`);
    server.readyAt = first[0].readyAt;
    return server;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves once it has ended, however that came. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  /** It answers when it has taken the order. */
  async tell(order: ToServer): Promise<void> {
    const taken = once(this.#child, 'message');
    this.#child.send(order);
    await taken;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

const lastLines = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
