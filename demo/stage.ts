import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createClient, type Client } from '../src/cli/client.ts';
import { isAway } from '../src/cli/feed.ts';
import { bootId, processRow } from '../src/exec/processes.ts';
import { History } from './history.ts';
import { endLeftovers, serverFile } from './leftovers.ts';

const ROOT = join(import.meta.dirname, '..');
const SPILLWAY = join(ROOT, 'bin', 'spillway');
/** Where everything of a run is; made anew by the next. */
export const OUT = join(ROOT, 'demo', 'out');
export const DATA = join(OUT, 'data');
const READY_LIMIT_MS = 20_000;

/** Where the demo speaks when nothing else does. */
const SHOP_PORT = 8080;
const HOOK_PORT = 8321;
export const WEBHOOK_SECRET = 'known-to-the-demo-alone';

/** What a run is played on: the repository, Spillway on a data folder of its own, and where they listen. */
export class Stage {
  readonly history: History;
  readonly shop: string;
  readonly hooks: string;
  readonly client: Client;
  readonly log = join(OUT, 'spillway.log');
  readonly #hookPort: number;
  #server: ChildProcess | undefined;

  private constructor(shopPort: number, hookPort: number) {
    this.shop = `http://127.0.0.1:${shopPort}`;
    this.hooks = `http://127.0.0.1:${hookPort}`;
    this.#hookPort = hookPort;
    this.history = new History(OUT, shopPort);
    this.client = createClient(DATA, 'demo', new AbortController().signal);
  }

  /** Ends what an earlier run has left, and sets everything up. */
  static async build(): Promise<Stage> {
    await endLeftovers(OUT, DATA);
    rmSync(OUT, { recursive: true, force: true });
    mkdirSync(DATA, { recursive: true });
    return new Stage(await freePort(SHOP_PORT), await freePort(HOOK_PORT));
  }

  /** Starts Spillway. @returns milliseconds until it was ready */
  async up(): Promise<number> {
    const began = performance.now();
    const log = openSync(this.log, 'a');
    // In a session of its own: Ctrl-C is the demo's, which ends it in order; with KEEP=1 it stays.
    const server = spawn(SPILLWAY, ['--data', DATA, 'up', '--port', String(this.#hookPort)], {
      cwd: this.history.work,
      env: environment(),
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    await once(server, 'spawn');
    this.#server = server;
    server.unref();
    await this.#ready(began + READY_LIMIT_MS);
    const { pid = 0 } = server;
    const identity = { pid, start: processRow(pid)?.start ?? 0, boot: bootId() };
    writeFileSync(serverFile(OUT), JSON.stringify(identity));
    return performance.now() - began;
  }

  /** Ends Spillway as a power cut would. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server?.pid === undefined) throw new Error('Spillway does not run');
    const gone = once(server, 'exit');
    server.ref();
    process.kill(server.pid, 'SIGKILL');
    await gone;
  }

  /** The server's memory, in MB. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#server?.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
  }

  /** Runs a command of the command line. @returns its exit code and all that it said */
  spillway(...args: readonly string[]): { readonly code: number; readonly said: string } {
    try {
      const said = execFileSync(SPILLWAY, ['--data', DATA, ...args], {
        cwd: this.history.work,
        env: environment(),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        maxBuffer: 64 * 1024 * 1024,
      });
      return { code: 0, said };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number | null; stdout: string; stderr: string };
      return { code: status ?? 1, said: `${stdout}${stderr}` };
    }
  }

  async tearDown(): Promise<void> {
    await endLeftovers(OUT, DATA);
  }

  async #ready(limit: number): Promise<void> {
    for (;;) {
      try {
        await this.client.get('/health/ready');
        return;
      } catch (error) {
        if (!isAway(error)) throw error;
      }
      if (this.#server?.exitCode !== null || performance.now() > limit)
        throw new Error(`Spillway did not start:\n${lastLines(this.log)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  // The shop runs on the very Node that the demo runs on.
  PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
  GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
});

const lastLines = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-10).join('\n');

/** The port, or another one where it is taken. */
async function freePort(port: number): Promise<number> {
  const probe = createServer();
  const listening = new Promise<boolean>((resolve) => {
    probe.once('listening', () => resolve(true)).once('error', () => resolve(false));
  });
  probe.listen(port, '127.0.0.1');
  if (!(await listening)) return freePort(0);
  const { port: bound } = probe.address() as { readonly port: number };
  await new Promise((resolve) => probe.close(resolve));
  return bound;
}
