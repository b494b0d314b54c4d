import { evolve } from '../../src/core/evolve.ts';
import { routeOf } from '../../src/core/ids.ts';
import { emptyLane, type Lane } from '../../src/core/lane.ts';
import type { Deployment } from '../../src/core/deployment.ts';
import type { LaneEvent } from '../../src/core/events.ts';
import type { ClaimedTask } from '../../src/ports/store.ts';
import type { StampedAppend } from '../../src/store/sqlite/operations.ts';
import type { Commit } from './store/sim-store.ts';

/** A claim of a task that nobody has given back or ended yet. */
export interface Claim {
  readonly task: ClaimedTask;
  readonly by: string;
}

/** What the commits say, folded by the simulator itself: the account that everything else is held against. */
export class Chronicle {
  /** With all deployments, ended ones included. */
  readonly #lanes = new Map<string, Lane>();
  readonly #claims = new Map<string, Claim>();
  readonly #byFence = new Map<number, ClaimedTask>();
  readonly #drawn = new Set<number>();
  readonly #keys = new Set<string>();
  #events = 0;
  #appends = 0;

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /** How many events were recorded. */
  get events(): number {
    return this.#events;
  }

  /** How many decisions were recorded. */
  get appends(): number {
    return this.#appends;
  }

  lane(route: string): Lane | undefined {
    return this.#lanes.get(route);
  }

  deployment(id: string): Deployment | undefined {
    for (const { deployments } of this.#lanes.values()) {
      const found = deployments.find((one) => one.id === id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The task that was claimed under a fence, whatever has become of it. */
  claimedUnder(fence: number): ClaimedTask | undefined {
    return this.#byFence.get(fence);
  }

  /** Whether a fence was given out for work that no task stands for. */
  wasDrawn(fence: number): boolean {
    return this.#drawn.has(fence);
  }

  /** What a process has claimed and neither ended nor given back. */
  claimsBy(process: string): readonly Claim[] {
    return [...this.#claims.values()].filter(({ by }) => by === process);
  }

  /** Whether a task was ever queued under this key. */
  knows(key: string): boolean {
    return this.#keys.has(key);
  }

  take(commit: Commit): void {
    const { method } = commit;
    if (method === 'append') this.#append(commit.args[0], commit.value.ok);
    if (method === 'record' && commit.value.ok) {
      this.#events += commit.args[0].length;
      this.#ended(commit.args[2]?.key);
    }
    if (method === 'receive') this.#keys.add(commit.args[0].task.key);
    if (method === 'drawFence') this.#drawn.add(commit.value);
    if (method === 'releaseAll') this.#claims.clear();
    if ((method === 'finish' || method === 'retry') && commit.value) this.#ended(commit.args[0]);
    if (method === 'claim')
      for (const task of commit.value) {
        this.#claims.set(task.key, { task, by: commit.by });
        this.#byFence.set(task.fence, task);
      }
  }

  #append(append: StampedAppend, ok: boolean): void {
    if (!ok) return;
    const route = routeOf(append.lane);
    const before = this.#lanes.get(route) ?? emptyLane(append.lane);
    const events = append.events.map(({ event }) => event as LaneEvent);
    this.#lanes.set(route, events.reduce(evolve, before));
    this.#events += events.length;
    this.#appends += 1;
    this.#ended(append.completes?.key);
    for (const [key, { task }] of this.#claims)
      if (task.deployment !== null && append.cancel.includes(task.deployment)) this.#claims.delete(key);
    for (const { key } of append.tasks) this.#keys.add(key);
  }

  #ended(key: string | undefined): void {
    if (key !== undefined) this.#claims.delete(key);
  }
}
