import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Journal } from '../../../demo/journal.ts';
import { endLeftovers } from '../../../demo/leftovers.ts';
import { Load } from '../../../demo/load-process.ts';
import { createClient, type Client } from '../../../src/cli/client.ts';
import type { Deployment } from '../../../src/core/deployment.ts';
import type { DeploymentId } from '../../../src/core/ids.ts';
import type { Lane } from '../../../src/core/lane.ts';
import type { StoredEvent } from '../../../src/ports/store.ts';
import { isLaneEvent } from '../../../src/views/sentence.ts';
import { freePort } from '../../support/free-port.ts';
import { Project, type TinyRelease } from './project.ts';
import { ServerProcess, type ServerPlace } from './server-process.ts';

const run = promisify(execFile);
const SPILLWAY = join(import.meta.dirname, '..', '..', '..', 'bin', 'spillway');
const USERS_PER_SECOND = 300;
/** Users end by themselves after this, whatever becomes of the scenario. */
const LONGEST_SECONDS = 3600;
/** No step of a scenario takes longer. */
export const PATIENCE_MS = 45_000;

/** A project, a server in a process of its own, what it has recorded, and users: all of it real, in one folder. */
export class Scenario {
  readonly project: Project;
  readonly place: ServerPlace;
  readonly client: Client;
  readonly journal: Journal;
  readonly #folder: string;
  readonly #url: string;
  server: ServerProcess;
  load: Load | undefined;

  private constructor(
    folder: string,
    port: number,
    project: Project,
    place: ServerPlace,
    server: ServerProcess,
  ) {
    this.#folder = folder;
    this.#url = `http://127.0.0.1:${port}`;
    this.project = project;
    this.server = server;
    this.place = place;
    this.client = createClient(this.place.dataDir, 'scenario', new AbortController().signal);
    this.journal = new Journal(this.client, () => {});
  }

  /**
   * Sets everything up and starts the server; nothing is deployed yet.
   * @param elsewhere where its store or its data folder is, when not in its own folder
   */
  static async build(elsewhere: Partial<Pick<ServerPlace, 'database' | 'dataDir'>> = {}): Promise<Scenario> {
    const folder = mkdtempSync(join(tmpdir(), 'scenario-'));
    const port = await freePort();
    const project = new Project(folder, port);
    project.commit({ version: 'v0' });
    const place = { ...placeIn(folder, project), ...elsewhere };
    mkdirSync(place.dataDir, { recursive: true });
    return new Scenario(folder, port, project, place, await ServerProcess.start(place));
  }

  /** Starts the server again after its end. */
  async restart(): Promise<void> {
    this.server = await ServerProcess.start(this.place);
  }

  /** Deploys a first release, and lets users in as soon as it can serve them: an open loop. */
  async open(release: TinyRelease = { version: 'first' }): Promise<void> {
    const id = await this.deploymentOf(this.release(release));
    await this.journal.until('the first release', PATIENCE_MS, () =>
      this.journal.last(id, 'deployment.live'),
    );
    this.load = new Load(this.#url, USERS_PER_SECOND, LONGEST_SECONDS);
    await this.end(id);
  }

  /** Commits a release and pushes it. @returns its commit */
  release(release: TinyRelease): string {
    const commit = this.project.commit(release);
    this.project.push();
    return commit;
  }

  /** The deployment that a commit has led to, as far as is known. */
  requested(commit: string): DeploymentId | undefined {
    for (const { event } of this.journal.events)
      if (isLaneEvent(event) && event.type === 'deployment.requested' && event.request.commit === commit)
        return event.deployment;
    return undefined;
  }

  /** The deployment that a commit has led to, once it is requested. */
  deploymentOf(commit: string): Promise<DeploymentId> {
    return this.journal.until(`the deployment of ${commit}`, PATIENCE_MS, () => this.requested(commit));
  }

  hasEnded(id: DeploymentId): boolean {
    return this.journal.of(id).some(({ type }) => ENDS.has(type));
  }

  /** Waits until the deployment has ended. */
  async end(id: DeploymentId): Promise<Deployment> {
    await this.journal
      .until(`the end of ${id}`, PATIENCE_MS, () => this.hasEnded(id) || undefined)
      .catch((cause: unknown) => {
        throw new Error(`${id} does not end:\n${this.#story(id)}`, { cause });
      });
    const path = `/api/v1/deployments/${id}`;
    return (await this.client.get<{ readonly deployment: Deployment }>(path)).deployment;
  }

  /** What the deployment has come to, and what the server said last, for whoever looks for the cause. */
  #story(id: DeploymentId): string {
    const events = this.journal.of(id).map((event) => {
      const { at, type, ...rest } = event;
      return `${new Date(at).toISOString()} ${type} ${JSON.stringify(rest).slice(0, 200)}`;
    });
    return [...events.slice(-8), readFileSync(this.place.log, 'utf8').slice(-4000)].join('\n');
  }

  lane(): Promise<{ readonly lane: Lane }> {
    return this.client.get('/api/v1/lanes/tiny/production');
  }

  /** Every event that is recorded now, oldest first. */
  async events(): Promise<readonly StoredEvent[]> {
    const events: StoredEvent[] = [];
    for (let after: number | null = 0; after !== null;) {
      const page: { readonly items: readonly StoredEvent[]; readonly next: number | null } =
        await this.client.get('/api/v1/events', { after, limit: 1000 });
      events.push(...page.items);
      after = page.next;
    }
    return events;
  }

  /** Whether the audit log, exported now, proves itself. @throws when it does not, with what is wrong */
  async proveAudit(): Promise<void> {
    const file = join(this.#folder, 'audit.export');
    const { dataDir } = this.place;
    await run(SPILLWAY, ['--data', dataDir, 'audit', 'export', '--file', file]);
    await run(SPILLWAY, ['--data', dataDir, 'audit', 'verify', file]);
  }

  /** Ends everything that runs on the folder, and removes it. */
  async tearDown(): Promise<void> {
    this.journal.stop();
    await this.load?.stop();
    this.server.kill();
    await this.server.ended();
    await endLeftovers(this.#folder, this.place.dataDir);
    rmSync(this.#folder, { recursive: true });
  }
}

const ENDS: ReadonlySet<string> = new Set([
  'deployment.completed',
  'deployment.failed',
  'deployment.rejected',
]);

const placeIn = (folder: string, { dir }: Project): ServerPlace => ({
  dir,
  dataDir: join(folder, 'data'),
  acts: join(folder, 'acts'),
  log: join(folder, 'server.log'),
});
