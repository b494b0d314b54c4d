import { z } from 'zod';
import {
  applicationName,
  deploymentId,
  environmentName,
  type DeploymentId,
  type LaneId,
} from '../../../src/core/ids.ts';
import type { Notification } from '../../../src/core/notification.ts';
import { minutes, seconds, type Duration } from '../../../src/core/time.ts';
import { Engine } from '../../../src/engine/engine.ts';
import type { World } from '../../../src/engine/world.ts';
import type { GateRunner } from '../../../src/ports/gate.ts';
import type { Receipt } from '../../../src/ports/notifier.ts';
import type { Reviewer } from '../../../src/ports/reviewer.ts';
import type { ClaimedTask, Store } from '../../../src/ports/store.ts';
import type { ObservedInstance } from '../../../src/ports/target.ts';
import type { Trigger } from '../../../src/ports/trigger.ts';
import { createDummyTarget, type DummyOptions, type DummyTarget } from '../../../src/targets/dummy/index.ts';
import { manualTrigger } from '../../../src/triggers/manual/index.ts';
import { seededChance } from '../../support/chance.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { VirtualSystem } from '../../support/virtual-system.ts';
import { MemorySource } from './memory-source.ts';
import { SimulatedTraffic } from './simulated-traffic.ts';

const SHOP = applicationName('shop');
export const LANE: LaneId = { application: SHOP, environment: environmentName('production') };

/** A canary of three short steps, watched closely. */
export const CONFIGURATION = `
application: shop
target: { type: dummy, instances: 2 }
traffic: { type: dummy, listen: { host: 127.0.0.1, port: 8080 }, sticky: { by: none } }
environments:
  production:
    strategy: canary
    canary: { increment_steps: [10, 50, 100], step_duration: 2m, warm_up: 5s }
    health: { interval: 1s, unhealthy_threshold: 3 }
    soak_duration: 10m
`;

export interface BenchOptions {
  readonly script?: NonNullable<DummyOptions['script']>;
  readonly gate?: GateRunner;
  /** Who asks what is to be thought of a commit, and who brings the answer. */
  readonly review?: { readonly trigger: string; readonly receives: Trigger; readonly reviewer: Reviewer };
  /** Opens a real store, again after each crash; in memory when not given. */
  readonly open?: () => Promise<Store>;
  /** When it begins, epoch milliseconds. */
  readonly now?: number;
}

/** A whole control plane on parts that keep their contracts in memory, under a clock that the test moves. */
export class Bench {
  readonly system: VirtualSystem;
  readonly traffic: SimulatedTraffic;
  readonly source = new MemorySource();
  readonly target: DummyTarget;
  readonly delivered: { readonly message: Notification; readonly key: string }[] = [];
  /** What the channel answers; it delivers by default. */
  sink: () => Promise<Receipt> = async () => ({
    delivered: true,
    answer: '204',
    latencyMs: 1,
    retryAfterMs: null,
    retry: false,
  });
  readonly secrets = new Map<string, string>();
  store: Store;
  world: World;
  engine!: Engine;
  readonly #held = new Map<string, ClaimedTask>();
  #onClaimed: (task: ClaimedTask) => unknown = () => undefined;
  #auditKey: string | undefined;

  readonly #options: BenchOptions;
  #storeCalls = 0;

  constructor(options: BenchOptions = {}) {
    const { script, now } = options;
    this.#options = options;
    this.system = new VirtualSystem(now);
    this.traffic = new SimulatedTraffic(this.system);
    this.system.busy = () => this.#storeCalls > 0;

    this.target = createDummyTarget({ system: this.system, ...(script ? { script } : {}) });
    this.store = this.#remembering(memoryStore(seededChance(1)));
    this.world = this.#world();
  }

  static async start(options: BenchOptions = {}): Promise<Bench> {
    const bench = new Bench(options);
    await bench.#openStore();
    await bench.startEngine();
    return bench;
  }

  async startEngine(): Promise<void> {
    this.engine = await Engine.create(this.world, {
      origin: 'spillway.test',
      read: async () => this.#auditKey,
      write: async (pem) => {
        this.#auditKey = pem;
      },
    });
    await this.engine.start();
  }

  /**
   * The server dies, wherever it is, and another one starts on what it left: tasks are free again, as when the owner of
   * a store has changed. What the dead one still had in its hands comes back with an old fence.
   * @returns how many tasks it had in its hands
   */
  async crash(): Promise<number> {
    const dead = this.engine;
    const interrupted = this.#held.size;
    const held = [...this.#held.values()];
    this.#held.clear();
    if (this.#options.open) await this.store.close();
    else for (const { key, fence } of held) await this.store.retry(key, fence, this.system.now(), 'crash');
    await this.#openStore();
    await this.startEngine();
    void dead.stop().catch(() => undefined);
    return interrupted;
  }

  /** Stops in order; time goes on meanwhile. */
  async stop(): Promise<void> {
    const stopping = this.engine.stop();
    await this.system.advance(seconds(6));
    await stopping;
  }

  /** Asks for a version to be deployed to production. */
  async deploy(version: string, configuration = CONFIGURATION): Promise<DeploymentId> {
    const ref = this.source.commit(version, configuration);
    const event = await this.send({ application: 'shop', environment: 'production', ref, actor: 'ada' });
    await this.system.until(async () => (await this.byEvent(event)) !== undefined, minutes(1));
    return deploymentId((await this.byEvent(event)) ?? '');
  }

  /** @returns the event's id */
  async send(body: object, key = this.system.id()): Promise<string> {
    const result = await this.engine.ingest('manual', {
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: Buffer.from(JSON.stringify(body)),
      receivedAt: this.system.now(),
      ipAddress: '127.0.0.1',
    });
    if (result.status !== 'accepted') throw new Error(`the event was ${JSON.stringify(result)}`);
    return result.event;
  }

  async state(id: DeploymentId): Promise<string> {
    return (await this.store.deployment(id))?.status.state ?? 'unknown';
  }

  /** Moves the clock until the deployment is in one of these states. @returns how long that took */
  until(id: DeploymentId, states: string | readonly string[], limit = minutes(30)): Promise<Duration> {
    return this.system
      .until(async () => [states].flat().includes(await this.state(id)), limit)
      .catch(async (error: unknown) => {
        throw new Error(`${String(error)}; ${await this.story(id)}`, { cause: error });
      });
  }

  /** Brings a version to carry the traffic, its soak over. */
  async serve(version: string, configuration = CONFIGURATION): Promise<DeploymentId> {
    const id = await this.deploy(version, configuration);
    await this.until(id, 'completed');
    return id;
  }

  /** The shares of the traffic that a version has had, each once, in order. */
  sharesOf(version: string): readonly number[] {
    const shares = this.traffic.accepted.flatMap(({ routing }) =>
      routing.arms.filter((arm) => arm.version === version && arm.weight > 0).map((arm) => arm.weight / 100),
    );
    return [...new Set(shares)];
  }

  /** Those of the canary that the judge has seen. */
  async canaryRequests(id: DeploymentId): Promise<number> {
    const counts = (await this.engine.live(id))?.counts ?? {};
    const { canary } = counts as { readonly canary?: { readonly requests: number } };
    return canary?.requests ?? 0;
  }

  async running(): Promise<readonly ObservedInstance[]> {
    return (await this.target.observe(LANE)).filter(({ alive }) => alive);
  }

  /** Tasks that were claimed and have not ended. */
  openTasks(): number {
    return this.#held.size;
  }

  /** The priorities of tasks of a kind, as they are claimed from now on. */
  prioritiesOf(kind: string): readonly number[] {
    const priorities: number[] = [];
    this.#onClaimed = (task) => task.kind === kind && priorities.push(task.priority);
    return priorities;
  }

  /** The types of the deployment's events, in order. */
  async story(id: DeploymentId): Promise<string> {
    const events = await this.store.events({ deployment: id, limit: 1000 });
    return events.map(({ event }) => event.type).join(' ');
  }

  async byEvent(event: string): Promise<string | undefined> {
    const all = await this.store.deployments({ limit: 100 });
    return all.find((one) => one.request.event === event)?.id;
  }

  async #openStore(): Promise<void> {
    if (this.#options.open === undefined) return;
    this.store = this.#remembering(await this.#options.open());
    this.world = this.#world();
  }

  /** Which tasks are claimed and not yet ended: those that a crash sets free. */
  #remembering(direct: Store): Store {
    const store = this.#counting(direct);
    const forget = (key: string | undefined) => key !== undefined && this.#held.delete(key);
    return {
      ...store,
      claim: async (now, limit) => {
        const claimed = await store.claim(now, limit);
        for (const task of claimed) {
          this.#held.set(task.key, task);
          this.#onClaimed(task);
        }
        return claimed;
      },
      append: async (append) => {
        const result = await store.append(append);
        if (result.ok) forget(append.completes?.key);
        return result;
      },
      record: async (events, tasks, completes) => {
        const result = await store.record(events, tasks, completes);
        if (result.ok) forget(completes?.key);
        return result;
      },
      finish: async (key, fence) => {
        const ended = await store.finish(key, fence);
        if (ended) forget(key);
        return ended;
      },
      retry: async (key, fence, runAt, error) => {
        const back = await store.retry(key, fence, runAt, error);
        if (back) forget(key);
        return back;
      },
    };
  }

  /** Time stands still while the store is at work. */
  #counting(store: Store): Store {
    const counted = Object.entries(store).map(([name, method]) => [
      name,
      async (...args: readonly unknown[]) => {
        this.#storeCalls++;
        const call = method as (...values: readonly unknown[]) => Promise<unknown>;
        return call(...args).finally(() => this.#storeCalls--);
      },
    ]);
    return { ...(Object.fromEntries(counted) as Store), onNews: (listener) => store.onNews(listener) };
  }

  #world(): World {
    const { gate } = this.#options;
    const settings = z.record(z.string(), z.json());
    return {
      store: this.store,
      system: this.system,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      applications: {
        concerned: () => [SHOP],
        source: async () => this.source,
        channels: () => ['ops'],
        notifier: async () => ({
          deliver: async (message, key) => {
            const receipt = await this.sink();
            if (receipt.delivered) this.delivered.push({ message, key });
            return receipt;
          },
        }),
      },
      secrets: { value: (name) => this.secrets.get(name), versionKey: Buffer.from('test') },
      schemas: { targets: { dummy: settings }, traffic: { dummy: settings }, metrics: { traffic: settings } },
      target: async () => this.target,
      traffic: async () => this.traffic,
      metrics: async () => {
        throw new Error('the provider counts in this test');
      },
      gate: async () =>
        gate ?? { run: async () => ({ verdict: 'pass', reason: 'all well', figures: {}, evidence: null }) },
      trigger: async (name) =>
        this.#options.review?.trigger === name
          ? this.#options.review.receives
          : manualTrigger(() => this.system.id()),
      reviewer: async () => {
        if (this.#options.review === undefined) throw new Error('nobody reviews in this test');
        return this.#options.review.reviewer;
      },
      freeDisk: async () => 8 * 1024 ** 3,
    };
  }
}
