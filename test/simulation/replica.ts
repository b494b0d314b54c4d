import { Engine } from '../../src/engine/engine.ts';
import type { Store } from '../../src/ports/store.ts';
import { SimProcess, type Host } from './process.ts';
import { storeFront, type Disk, type Membership } from './store/front.ts';
import { soleOwner, type Leases } from './store/leases.ts';
import type { SimStore } from './store/sim-store.ts';
import { Wire, type Surroundings } from './wire.ts';
import type { Parts } from './world/drivers.ts';
import { worldOf } from './world/world.ts';

/** Signs the audit log; always the same, since chance must not come from outside. */
const AUDIT_KEY = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

/** Down for as long as an owner needs that was killed, or a machine that has to come up. */
const SHORTEST_REST = 331;
const LONGEST_REST = 40_000;

interface ReplicaParts {
  readonly host: Host;
  readonly store: SimStore;
  readonly parts: Parts;
  readonly disk: Disk;
  readonly leases: Leases | undefined;
}

/** One place where Spillway runs: whenever its process ends, another one is started there after a while. */
export class Replica {
  readonly name: string;
  readonly #host: Host;
  readonly #store: SimStore;
  readonly #parts: Parts;
  readonly #around: Surroundings;
  readonly #disk: Disk;
  /** Where several share the store. */
  readonly #leases: Leases | undefined;
  #process: SimProcess | undefined;
  #engine: Engine | undefined;
  #runs = 0;
  #crashes = 0;

  constructor(name: string, { host, store, parts, disk, leases }: ReplicaParts, around: Surroundings) {
    this.name = name;
    this.#leases = leases;
    this.#host = host;
    this.#store = store;
    this.#parts = parts;
    this.#disk = disk;
    this.#around = around;
  }

  /** The running control plane; undefined while none runs, or before it has started. */
  get engine(): Engine | undefined {
    return this.#process?.alive === true ? this.#engine : undefined;
  }

  get crashes(): number {
    return this.#crashes;
  }

  start(): void {
    this.#runs += 1;
    const process = new SimProcess(`${this.name}.${this.#runs}`, this.#host);
    this.#process = process;
    this.#engine = undefined;
    const wire = new Wire(process, this.#around, (why) => this.#die(process, why));
    const who = { name: process.name, chance: process };
    const membership: Membership = this.#leases?.join(process) ?? soleOwner();
    const store = storeFront(this.#store, wire, who, this.#around, this.#disk, membership);
    this.#around.trace.add(process.name, 'starts');
    void this.#run(process, store, wire).catch((error: unknown) =>
      this.#die(process, `start: ${String(error)}`),
    );
  }

  /** It dies, wherever it is. */
  crash(why: string): void {
    if (this.#process !== undefined) this.#die(this.#process, why);
  }

  /** It does not reach the store for a while, and lives on. */
  cutOff(length: number): void {
    if (this.#process?.alive === true) this.#leases?.cut(this.#process.name, length);
  }

  /** It is stopped in order, and started again. */
  async restart(): Promise<void> {
    const [process, engine] = [this.#process, this.engine];
    if (process === undefined || engine === undefined) return;
    this.#around.trace.add(process.name, 'is stopped');
    await engine
      .stop()
      .catch((error: unknown) => this.#around.trace.add(process.name, `stop: ${String(error)}`));
    if (!process.alive) return;
    process.kill();
    this.#leases?.left(process.name);
    this.#startLater(this.#around.random.between(SHORTEST_REST, 3000));
  }

  async #run(process: SimProcess, store: Store, wire: Wire): Promise<void> {
    // A sole owner frees what the one before it had claimed.
    if (this.#leases === undefined)
      await wire.call('store.releaseAll', { faults: ['slow'] }, () =>
        this.#store.perform(process.name, 'releaseAll', []),
      );
    const world = worldOf(process, store, wire, this.#parts, this.#around);
    const engine = await Engine.create(world, {
      origin: 'spillway.simulated',
      read: async () => AUDIT_KEY,
      write: async () => undefined,
    });
    await engine.start();
    if (process === this.#process) this.#engine = engine;
  }

  #die(process: SimProcess, why: string): void {
    if (!process.alive) return;
    const { trace, random, faults } = this.#around;
    process.kill();
    this.#leases?.left(process.name);
    this.#crashes += 1;
    trace.add(process.name, `CRASH: ${why}`);
    const longest = faults.on && random.chance(0.2) ? LONGEST_REST : 3000;
    this.#startLater(random.between(SHORTEST_REST, longest));
  }

  #startLater(wait: number): void {
    this.#around.schedule.after(wait, () => this.start());
  }
}
