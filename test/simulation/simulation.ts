import { Chronicle } from './chronicle.ts';
import { Faults, type EventKind, type FaultKind } from './faults.ts';
import { INVARIANTS } from './invariants/index.ts';
import type { Checks, Invariant, Watched } from './invariants/invariant.ts';
import { Host } from './process.ts';
import { Random } from './random.ts';
import { Replica } from './replica.ts';
import { Schedule } from './schedule.ts';
import { unsettled } from './settled.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Disk } from './store/front.ts';
import { Leases } from './store/leases.ts';
import { SimStore } from './store/sim-store.ts';
import { aStory, type Deed, type Story } from './story/story.ts';
import { Trace } from './trace.ts';
import { Users } from './users.ts';
import type { Surroundings } from './wire.ts';
import type { Parts } from './world/drivers.ts';
import { Releases } from './world/releases.ts';
import { SimTarget } from './world/target.ts';
import { SimTraffic } from './world/traffic.ts';
import type { Mutant } from './mutants/mutant.ts';

/** A story whose end does not come by then has none (virtual milliseconds after its last deed). */
const LONGEST_END = 90 * 60_000;
/** So often it is looked whether all has come to rest. */
const LOOK_EVERY = 5000;
const DISK_FULL_FOR = 20_000;
/** So far the clocks of two machines are apart at most. */
const MOST_AHEAD = 800;
const MUCH = 5 * 60_000;
/** In one seed of so many the audit log is written out and proved: it costs a tenth of a story. */
const EXPORT_EACH = 4;

export interface Violation {
  readonly invariant: string;
  readonly says: string;
  readonly what: string;
}

/** What became of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Of everything that happened. */
  readonly hash: string;
  readonly trace: Trace;
  readonly virtualMs: number;
  readonly crashes: number;
  readonly commits: number;
  readonly deployments: number;
  readonly faults: ReadonlyMap<FaultKind | EventKind, number>;
}

/** Plays the story of a seed. The same seed gives the same story, and the same course of it, on every machine. */
export async function simulate(seed: number, mutant?: Mutant): Promise<Outcome> {
  const simulation = new Simulation(seed, mutant);
  try {
    return await simulation.play();
  } finally {
    simulation.close();
  }
}

class Simulation {
  readonly #seed: number;
  readonly #around: Surroundings;
  readonly #story: Story;
  readonly #host: Host;
  readonly #store: SimStore;
  readonly #target: SimTarget;
  readonly #traffic: SimTraffic;
  readonly #replicas: readonly Replica[];
  readonly #hosts: readonly Host[];
  readonly #users: Users;
  readonly #watched: Watched;
  readonly #checks: ReadonlyArray<readonly [Invariant, Checks]>;
  readonly #chronicle = new Chronicle();
  readonly #violations: Violation[] = [];
  #checking: Invariant | undefined;
  #commits = 0;
  #diskFullUntil = 0;

  constructor(seed: number, mutant: Mutant | undefined) {
    this.#seed = seed;
    const random = new Random(seed);
    const schedule = new Schedule(random.fork('schedule'));
    const trace = new Trace(() => schedule.now);
    const faults = new Faults(random.fork('faults'));
    this.#around = { schedule, random: random.fork('wire'), faults, trace };
    const releases = new Releases();
    this.#story = aStory(random.fork('story'), releases, faults);
    this.#hosts = Array.from(
      { length: this.#story.replicas },
      (_, n) =>
        new Host(schedule, random.fork(`host ${n}`), {
          number: n,
          ahead: n === 0 ? 0 : random.below(MOST_AHEAD),
        }),
    );
    this.#host = this.#hosts[0] ?? new Host(schedule, random);
    this.#target = new SimTarget(this.#host, random.fork('target'), releases);
    this.#traffic = new SimTraffic(this.#host, random.fork('traffic'), releases, this.#story.rate);
    this.#traffic.isAlive = (id) => this.#target.isAlive(id);
    this.#store = new SimStore(
      (commit) => this.#committed(commit),
      (method, error) =>
        this.#note('the store works', 'A call is answered or refused.', `${method}: ${String(error)}`),
      mutant?.store,
    );
    this.#watched = {
      chronicle: this.#chronicle,
      db: this.#store.db,
      traffic: this.#traffic,
      target: this.#target,
      releases,
      violated: (what) => this.#violated(what),
    };
    this.#checks = INVARIANTS.map((one) => [one, one.watch(this.#watched)]);
    const parts: Parts = {
      traffic: mutant?.provider?.(this.#traffic) ?? this.#traffic,
      target: this.#target,
      mutant,
      releases,
      onAct: (act) => this.#check((checks) => checks.acted?.(act)),
    };
    const disk: Disk = { isFull: () => faults.on && schedule.now < this.#diskFullUntil };
    const leases =
      this.#hosts.length > 1 ? new Leases(this.#store, this.#chronicle, this.#around) : undefined;
    this.#replicas = this.#hosts.map(
      (host, n) =>
        new Replica(
          String.fromCodePoint(97 + n),
          { host, store: this.#store, parts, disk, leases },
          this.#around,
        ),
    );
    this.#users = new Users(
      () => this.#engine(),
      this.#host,
      this.#around,
      (what) => this.#check((checks) => checks.acknowledged?.(what)),
    );
    this.#listen();
  }

  async play(): Promise<Outcome> {
    const { schedule, faults } = this.#around;
    const over = () => this.#violations.length > 0;
    for (const replica of this.#replicas) replica.start();
    for (const deed of this.#story.deeds) schedule.after(deed.at, () => this.#do(deed));
    const last = Math.max(...this.#story.deeds.map(({ at }) => at));
    await schedule.run(last + 20_000, over);
    faults.end();
    await this.#settle(over);
    if (!over() && this.#seed % EXPORT_EACH === 0) await this.#export(over);
    if (!over()) this.#check((checks) => checks.ended?.());
    return {
      seed: this.#seed,
      violations: this.#violations,
      hash: this.#around.trace.hash,
      trace: this.#around.trace,
      virtualMs: schedule.now,
      crashes: this.#replicas.reduce((sum, { crashes }) => sum + crashes, 0),
      commits: this.#commits,
      deployments: this.#chronicle.lanes.reduce((sum, { deployments }) => sum + deployments.length, 0),
      faults: faults.counts,
    };
  }

  close(): void {
    for (const replica of this.#replicas) replica.crash('the story is over');
    this.#store.close();
  }

  async #settle(over: () => boolean): Promise<void> {
    const { schedule } = this.#around;
    const limit = schedule.now + LONGEST_END;
    const rest = () =>
      this.#users.waiting > 0 ? ['somebody still waits for an answer'] : unsettled(this.#watched);
    while (!over() && rest().length > 0) {
      if (schedule.now >= limit) return this.#note('settles', SETTLES, rest().join('; '));
      await schedule.run(schedule.now + LOOK_EVERY, over);
    }
  }

  /** Writes the audit log out, and again where that has failed. */
  async #export(over: () => boolean): Promise<void> {
    const { schedule } = this.#around;
    let lines: readonly string[] | undefined;
    let recorded = 0;
    while (lines === undefined && !over()) {
      const engine = this.#engine();
      recorded = this.#chronicle.events;
      const written = engine === undefined ? undefined : allOf(engine.exportAudit());
      void written?.then(
        (all) => (lines = all),
        () => undefined,
      );
      await schedule.run(schedule.now + LOOK_EVERY, over);
    }
    if (lines !== undefined) this.#check((checks) => checks.exported?.(lines ?? [], recorded));
  }

  /** The control plane that whoever asks now comes to; undefined while none runs. */
  #engine(): Engine | undefined {
    const running = this.#replicas.flatMap(({ engine }) => engine ?? []);
    return this.#around.random.any(running);
  }

  #listen(): void {
    const { trace } = this.#around;
    this.#traffic.onAsked = (routing, fence) => this.#check((checks) => checks.asked?.(routing, fence));
    this.#traffic.onChange = (change) => {
      const arms = change.routing.arms.map(
        ({ arm, version, weight, endpoints }) => `${arm} ${version} ${weight} on ${endpoints.length}`,
      );
      trace.add(
        'world',
        `traffic of ${change.routing.route} under ${change.fence}: ${arms.join(', ') || 'none'}`,
      );
      this.#check((checks) => checks.changed?.(change));
    };
    this.#target.onStop = (lane, ids) => {
      trace.add('world', `${ids.join(' ')} of ${lane.application}/${lane.environment} are stopped`);
      this.#check((checks) => checks.stopping?.(lane, ids));
    };
  }

  #committed(commit: Parameters<NonNullable<Checks['committed']>>[0]): void {
    this.#commits += 1;
    this.#chronicle.take(commit);
    if (commit.method === 'append' && commit.value.ok)
      for (const { event } of commit.args[0].events)
        this.#around.trace.add(
          commit.by,
          `recorded: ${event.type} ${'deployment' in event ? event.deployment : ''}${'reason' in event ? `: ${event.reason}` : ''}`,
        );
    if (commit.method === 'record')
      for (const { event } of commit.args[0])
        this.#around.trace.add(
          commit.by,
          `recorded: ${event.type}: ${'details' in event ? JSON.stringify(event.details['reason'] ?? '') : ''}`,
        );
    if (commit.method === 'claim')
      for (const { key, fence, attempt } of commit.value)
        this.#around.trace.add(commit.by, `claimed: ${key} under ${fence}, attempt ${attempt}`);
    this.#check((checks) => checks.committed?.(commit));
  }

  #do(deed: Deed): void {
    switch (deed.do) {
      case 'push':
      case 'ask':
        return void this.#users.send(deed);
      case 'command':
        return void this.#users.command(deed.lane, deed.verb, deed.actor);
      case 'go back':
        return void this.#users.goBack(deed.lane, deed.emergency, deed.actor);
      case 'event':
        return this.#happen(deed.event);
    }
  }

  #happen(event: EventKind): void {
    const { faults, trace, random, schedule } = this.#around;
    faults.count(event);
    const replica = random.any(this.#replicas);
    trace.add('world', `happens: ${event}${this.#hosts.length > 1 ? ` to ${replica?.name}` : ''}`);
    switch (event) {
      case 'crash':
        return replica?.crash('out of the blue');
      case 'stop and start':
        return void replica?.restart();
      case 'clock back':
        return this.#setClocks(-random.below(MUCH));
      case 'clock forward':
        return this.#setClocks(random.below(MUCH));
      case 'provider restart':
        return this.#traffic.restart();
      case 'instance ends':
        return void this.#target.endOne();
      case 'host restart':
        this.#target.endAll();
        return this.#replicas[0]?.crash('the machine goes down');
      case 'disk full for a while':
        this.#diskFullUntil = schedule.now + DISK_FULL_FOR;
        return;
      case 'cut off from the store':
        return replica?.cutOff(random.between(1000, 60_000));
    }
  }

  /** Machines of one store go by the same time, give or take what `Host` begins with. */
  #setClocks(by: number): void {
    for (const host of this.#hosts) host.setClock(by);
  }

  #check(look: (checks: Checks) => void): void {
    for (const [invariant, checks] of this.#checks) {
      if (this.#violations.length > 0) return;
      this.#checking = invariant;
      look(checks);
    }
  }

  #violated(what: string): void {
    this.#note(this.#checking?.name ?? 'unknown', this.#checking?.says ?? '', what);
  }

  #note(invariant: string, says: string, what: string): void {
    this.#around.trace.add('world', `VIOLATED: ${invariant}: ${what}`);
    this.#violations.push({ invariant, says, what });
  }
}

const SETTLES =
  'No deployment stays in a non-terminal state for ever; when faults end, everything that was asked for comes to an end.';

async function allOf(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}
