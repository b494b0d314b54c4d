import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';

const LOOK_EVERY_MS = 50;

/** Takes messages in while it is up. */
export class Sink {
  /** The type of each message that was taken in, in order. */
  readonly types: string[] = [];
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  async up(): Promise<void> {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        const [, type = body] = /"(?:type|event)": *"([^"]+)"/.exec(body) ?? [];
        this.types.push(type);
        response.writeHead(204).end();
      });
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  down(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

/** Serves the repositories in a folder while it is up. */
export class GitServer {
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async in(folder: string): Promise<GitServer> {
    return new GitServer(folder, await freePort());
  }

  urlOf(repository: string): string {
    return `git://127.0.0.1:${this.#port}/${repository}`;
  }

  async up(): Promise<void> {
    const options = ['--listen=127.0.0.1', `--port=${this.#port}`, '--reuseaddr', '--export-all'];
    // Not `git daemon`: that is a parent whose end would leave the server behind.
    const program = '/usr/lib/git-core/git-daemon';
    this.#process = spawn(program, [...options, `--base-path=${this.#folder}`], { stdio: 'ignore' });
    while (!(await answers(this.#port))) await sleep(LOOK_EVERY_MS);
  }

  async down(): Promise<void> {
    if (this.#process === undefined || this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
    this.#process = undefined;
  }
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('connect', () => socket.destroy());
    socket.once('error', () => resolve(false));
  });
