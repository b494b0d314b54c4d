import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { FromReplica, ToReplica } from './messages.ts';

const PROGRAM = join(import.meta.dirname, '..', 'children', 'replica.ts');

/** One life of a replica. */
export class ReplicaProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #ready = Promise.withResolvers<void>();

  /**
   * @param heard called with everything that it says, in order
   * @param through what its command begins with
   */
  constructor(
    url: string,
    log: string,
    heard: (message: FromReplica, from: ReplicaProcess) => void,
    through: readonly string[] = [],
  ) {
    const file = openSync(log, 'a');
    const [execPath, ...execArgv] = [...through, process.execPath, '--max-semi-space-size=4'] as const;
    this.#child = fork(PROGRAM, [url], {
      ...(execPath !== undefined && { execPath }),
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', file, file, 'ipc'],
    });
    closeSync(file);
    this.#exited = once(this.#child, 'exit');
    this.#child.on('error', () => {}); // of a message on its way to one that was killed
    this.#child.on('message', (message: FromReplica) => {
      if (message.kind === 'ready') this.#ready.resolve();
      heard(message, this);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves when it works; also when it has ended before. */
  async ready(): Promise<void> {
    await Promise.race([this.#ready.promise, this.#exited]);
  }

  tell(message: ToReplica): void {
    if (this.running) this.#child.send(message, () => {});
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    if (this.running) await this.#exited;
  }
}
