import { SpillwayError } from '../../../src/core/errors.ts';
import {
  instanceId,
  routeOf,
  type InstanceId,
  type LaneId,
  type RevisionDigest,
} from '../../../src/core/ids.ts';
import { instant, type Duration } from '../../../src/core/time.ts';
import type {
  InstanceHealth,
  ObservedInstance,
  Role,
  StartRequest,
  Target,
} from '../../../src/ports/target.ts';
import type { Host } from '../process.ts';
import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';
import { lifeOf, type InstanceLife, type Releases } from './releases.ts';

interface Instance {
  readonly id: InstanceId;
  readonly lane: string;
  readonly revision: RevisionDigest;
  readonly role: Role;
  readonly port: number;
  /** Virtual time; what is observed is the host's. */
  readonly startedAt: number;
  readonly startedAtWall: number;
  readonly life: InstanceLife;
  stopping: boolean;
  exit: { readonly code: number | null; readonly at: number; readonly wall: number } | null;
}

export type OnStop = (lane: LaneId, ids: readonly InstanceId[]) => void;

/** The machine's processes: they outlive Spillway. It keeps the port's contract, and what is true can be asked. */
export class SimTarget implements Target {
  readonly capabilities = { sideBySide: true };
  /** Told before instances are asked to end. */
  onStop: OnStop = () => undefined;
  readonly #host: Host;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #releases: Releases;
  readonly #prepared = new Set<string>();
  #instances: Instance[] = [];
  #launched = 0;

  constructor(host: Host, random: Random, releases: Releases) {
    this.#host = host;
    this.#schedule = host.schedule;
    this.#random = random;
    this.#releases = releases;
  }

  async observe(lane: LaneId): Promise<readonly ObservedInstance[]> {
    return this.#of(lane).map((one) => this.#observed(one));
  }

  async prepare(lane: LaneId, { digest }: { readonly digest: RevisionDigest }): Promise<void> {
    this.#prepared.add(`${routeOf(lane)} ${digest}`);
  }

  async start({ lane, revision, role = 'serving', count }: StartRequest): Promise<void> {
    if (!this.#prepared.has(`${routeOf(lane)} ${revision.digest}`))
      throw new SpillwayError('conflict', 'started before it was prepared');
    const present = this.#of(lane).filter(
      (one) => one.revision === revision.digest && one.role === role && one.exit === null && !one.stopping,
    );
    for (let missing = count - present.length; missing > 0; missing--)
      this.#launch(routeOf(lane), revision.digest, role, revision.release.version);
  }

  async stop(lane: LaneId, ids: readonly InstanceId[], grace: Duration): Promise<void> {
    this.onStop(lane, ids);
    const asked = this.#of(lane).filter((one) => ids.includes(one.id) && one.exit === null);
    for (const one of asked) one.stopping = true;
    const longest = Math.max(0, ...asked.map(({ life }) => Math.min(life.stopTakes, grace)));
    if (longest > 0) await this.#schedule.sleep(longest);
    for (const one of asked) this.#end(one, one.life.stopTakes > grace ? 137 : 143);
  }

  async remove(lane: LaneId, keep: readonly RevisionDigest[]): Promise<void> {
    this.#of(lane);
    this.#instances = this.#instances.filter((one) => one.lane !== routeOf(lane) || one.exit === null);
    for (const name of this.#prepared) {
      const [route, digest] = name.split(' ');
      const runs = this.#instances.some((one) => one.lane === route && one.revision === digest);
      const kept = keep.some((one) => one === digest);
      if (route === routeOf(lane) && !runs && !kept) this.#prepared.delete(name);
    }
  }

  async logs(): Promise<readonly string[]> {
    return [];
  }

  /** Those of a lane that run, as they are. */
  running(route: string): readonly ObservedInstance[] {
    this.#settle();
    return this.#instances
      .filter((one) => one.lane === route && one.exit === null)
      .map((one) => this.#observed(one));
  }

  isAlive(id: InstanceId): boolean {
    this.#settle();
    return this.#instances.some((one) => one.id === id && one.exit === null);
  }

  /** Whether an instance was ready at any moment of the last `window` milliseconds. */
  wasReady(id: InstanceId, window: number): boolean {
    const one = this.#instances.find((each) => each.id === id);
    if (one === undefined) return false;
    const until = Math.min(one.exit?.at ?? Infinity, this.#schedule.now);
    return one.startedAt + one.life.healthyAfter <= until && until >= this.#schedule.now - window;
  }

  /** One that runs ends by itself. @returns its id; undefined when none runs */
  endOne(): InstanceId | undefined {
    this.#settle();
    const one = this.#random.any(this.#instances.filter(({ exit }) => exit === null));
    if (one !== undefined) this.#end(one, 1);
    return one?.id;
  }

  /** The machine goes down and comes back: nothing has survived, and nobody knows how it ended. */
  endAll(): void {
    for (const one of this.#instances) this.#end(one, null);
  }

  #of(lane: LaneId): readonly Instance[] {
    this.#settle();
    return this.#instances.filter((one) => one.lane === routeOf(lane));
  }

  #launch(lane: string, revision: RevisionDigest, role: Role, version: string): void {
    this.#launched += 1;
    this.#instances.push({
      id: instanceId(`i${this.#launched}`),
      lane,
      revision,
      role,
      port: 40_000 + this.#launched,
      startedAt: this.#schedule.now,
      startedAtWall: this.#host.wall(),
      life: lifeOf(this.#releases.qualityOf(version), this.#random),
      stopping: false,
      exit: null,
    });
  }

  #end(one: Instance, code: number | null): void {
    one.exit ??= { code, at: this.#schedule.now, wall: this.#host.wall() };
  }

  /** Lets those end whose time has come. */
  #settle(): void {
    for (const one of this.#instances) {
      const at = one.startedAt + one.life.endsAfter;
      if (one.exit === null && at <= this.#schedule.now)
        one.exit = { code: 1, at, wall: this.#host.wall() - (this.#schedule.now - at) };
    }
  }

  #observed(one: Instance): ObservedInstance {
    const { id, revision, role, port, stopping, exit } = one;
    const health = this.#health(one);
    return {
      id,
      revision,
      role,
      endpoint: { instance: id, host: '127.0.0.1', port },
      alive: exit === null,
      health,
      detail: exit === null ? health : `exited with code ${exit.code ?? 'unknown'}`,
      startedAt: instant(one.startedAtWall),
      exit: exit && { code: exit.code, at: instant(exit.wall) },
      stopping,
    };
  }

  #health({ exit, startedAt, life }: Instance): InstanceHealth {
    if (exit !== null) return 'unhealthy';
    return this.#schedule.now - startedAt >= life.healthyAfter ? 'healthy' : 'starting';
  }
}
