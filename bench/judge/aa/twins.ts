import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { git } from '../../../demo/history.ts';
import { Journal } from '../../../demo/journal.ts';
import { endLeftovers } from '../../../demo/leftovers.ts';
import { createClient, type Client } from '../../../src/cli/client.ts';
import { isAway } from '../../../src/cli/feed.ts';
import type { DeploymentId } from '../../../src/core/ids.ts';
import { isLaneEvent } from '../../../src/views/sentence.ts';
import { freePort } from '../../../test/support/free-port.ts';

const SPILLWAY = join(import.meta.dirname, '..', '..', '..', 'bin', 'spillway');
const SERVICE = join(import.meta.dirname, 'service');
const READY_LIMIT_MS = 60_000;
const RELEASE_LIMIT_MS = 180_000;

/** A project whose releases are the same code, and Spillway, which releases it: real processes and a real edge, in one folder. */
export class Twins {
  readonly url: string;
  readonly client: Client;
  readonly journal: Journal;
  readonly #folder: string;
  readonly #work: string;
  readonly #server: ChildProcess;

  private constructor(folder: string, port: number, server: ChildProcess) {
    this.#folder = folder;
    this.#work = join(folder, 'work');
    this.url = `http://127.0.0.1:${port}`;
    this.client = createClient(join(folder, 'data'), 'twins', new AbortController().signal);
    this.journal = new Journal(this.client, () => {});
    this.#server = server;
  }

  static async build(): Promise<Twins> {
    const folder = mkdtempSync(join(tmpdir(), 'twins-'));
    const port = await freePort();
    const work = join(folder, 'work');
    cpSync(SERVICE, work, { recursive: true });
    const config = join(work, 'spillway.yaml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('127.0.0.1:8080', `127.0.0.1:${port}`));
    git(work, 'init', '--quiet', '--initial-branch=main');
    commit(work, 'beginning');
    mkdirSync(join(folder, 'data'));
    const twins = new Twins(folder, port, start(folder, await freePort()));
    try {
      await twins.#ready();
      return twins;
    } catch (cause) {
      const log = readFileSync(join(folder, 'spillway.log'), 'utf8');
      await twins.tearDown();
      throw new Error(`Spillway did not start:\n${log}`, { cause });
    }
  }

  /** Releases the code as it is, under another name. @returns its deployment, once traffic may have moved */
  async release(name: string, waitFor: 'deployment.completed' | 'weight'): Promise<DeploymentId> {
    const sha = commit(this.#work, name);
    git(this.#work, 'push', '--quiet', 'spillway', 'main');
    const id = await this.journal.until(`the deployment of ${name}`, RELEASE_LIMIT_MS, () =>
      this.#requested(sha),
    );
    await this.journal.until(`${name} to serve`, RELEASE_LIMIT_MS, () =>
      waitFor === 'weight'
        ? this.journal.last(id, 'traffic.shifted')
        : this.journal.last(id, 'deployment.completed'),
    );
    return id;
  }

  async tearDown(): Promise<void> {
    this.journal.stop();
    const gone = once(this.#server, 'exit');
    if (this.#server.exitCode === null && this.#server.kill('SIGTERM')) await gone;
    await endLeftovers(this.#folder, join(this.#folder, 'data'));
    rmSync(this.#folder, { recursive: true });
  }

  #requested(sha: string): DeploymentId | undefined {
    for (const { event } of this.journal.events)
      if (isLaneEvent(event) && event.type === 'deployment.requested' && event.request.commit === sha)
        return event.deployment;
    return undefined;
  }

  async #ready(): Promise<void> {
    const over = performance.now() + READY_LIMIT_MS;
    for (;;) {
      try {
        await this.client.get('/health/ready');
        return;
      } catch (error) {
        if (!isAway(error) || performance.now() > over || this.#server.exitCode !== null) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function commit(work: string, name: string): string {
  writeFileSync(join(work, 'NAME'), `${name}\n`);
  git(work, 'add', '--all');
  git(work, 'commit', '--quiet', `--message=${name}`);
  return git(work, 'rev-parse', 'HEAD');
}

function start(folder: string, port: number): ChildProcess {
  const log = openSync(join(folder, 'spillway.log'), 'a');
  const server = spawn(SPILLWAY, ['--data', join(folder, 'data'), 'up', '--port', String(port)], {
    cwd: join(folder, 'work'),
    // The service runs on the very Node that this runs on.
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return server;
}
