import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SPILLWAY = join(import.meta.dirname, '..', '..', '..', 'bin', 'spillway');

/** A server as users start it, reachable over TCP. */
export class Spawned {
  readonly origin: string;
  readonly #process: ChildProcess;

  private constructor(origin: string, process: ChildProcess) {
    this.origin = origin;
    this.#process = process;
  }

  /** @param env in addition to this process's own */
  static async start(dir: string, data: string, env: Readonly<Record<string, string>>): Promise<Spawned> {
    const args = ['--data', data, '--output', 'json', 'up', dir, '--port', '0'];
    const server = spawn(SPILLWAY, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    server.stdout.on('data', (chunk) => (said += String(chunk)));
    while (server.exitCode === null) {
      const [, origin] = /"address": *"([^"]+)"/.exec(said) ?? [];
      if (origin !== undefined) return new Spawned(origin, server);
      await Promise.race([once(server.stdout, 'data'), once(server, 'exit')]);
    }
    throw new Error(`the server did not start: ${said}`);
  }

  /** The most memory that it has had so far, MB. */
  peakMemory(): number {
    const [, kilobytes] =
      /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.#process.pid ?? 0}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
