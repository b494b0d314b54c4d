import { SpillwayError } from '../../../src/core/errors.ts';
import type { Hold, News, Peers } from '../../../src/ports/store.ts';
import { soleHolder } from '../../../src/store/holds.ts';
import type { Chronicle, Claim } from '../chronicle.ts';
import type { SimProcess } from '../process.ts';
import type { Surroundings } from '../wire.ts';
import type { Membership } from './front.ts';
import type { SimStore } from './sim-store.ts';

/** Claims and holds of a replica that is not heard of are free after this. */
const LEASE = 15_000;
/** By its own clock a replica gives itself up before others may have what it held. */
const NOTICED = 12_000;
/** News reaches the others so late at most. */
const NEWS_WITHIN = 1000;

interface Member {
  readonly process: SimProcess;
  lost: AbortController;
  listener: (what: News) => void;
  /** Its connection is cut until then. */
  cutUntil: number;
  /** It was not heard of for a lease. */
  silent: boolean;
}

/** An embedded store has one owner: it holds whatever it asks for, and hears of nobody. */
export function soleOwner(): Membership {
  let hold: ReturnType<typeof soleHolder> | undefined;
  return {
    isCut: () => false,
    hold: (names, drawFence) => (hold ??= soleHolder(drawFence))(names),
    peers: async () => ({ self: 'owner', live: ['owner'] }),
    onNews: () => () => undefined,
    committed: () => undefined,
  };
}

/**
 * What several replicas on one store have each to themselves. It does what the store on a server of its own does: names
 * and claims belong to whoever is heard of, and are free a lease after it was heard of last.
 */
export class Leases {
  readonly #store: SimStore;
  readonly #chronicle: Chronicle;
  readonly #around: Pick<Surroundings, 'schedule' | 'random' | 'trace'>;
  readonly #members = new Map<string, Member>();
  readonly #held = new Map<string, { readonly by: string; readonly fence: number }>();

  constructor(
    store: SimStore,
    chronicle: Chronicle,
    around: Pick<Surroundings, 'schedule' | 'random' | 'trace'>,
  ) {
    this.#store = store;
    this.#chronicle = chronicle;
    this.#around = around;
  }

  join(process: SimProcess): Membership {
    const { name } = process;
    const lost = new AbortController();
    this.#members.set(name, { process, lost, listener: () => undefined, cutUntil: 0, silent: false });
    return {
      isCut: () => this.#isCut(name),
      hold: async (names) => this.#hold(name, names),
      peers: async () => this.#peers(name),
      onNews: (listener) => this.#listen(name, listener),
      committed: (what) => this.#tell(name, what),
    };
  }

  /** It has died: its connection breaks at once, or the lease runs out. */
  left(name: string): void {
    const { schedule, random } = this.#around;
    schedule.after(random.chance(0.7) ? random.below(500) : LEASE, () => {
      this.#members.delete(name);
      this.#free(name, this.#chronicle.claimsBy(name));
    });
  }

  /** Its connection is cut for a while, and it lives on. */
  cut(name: string, length: number): void {
    const member = this.#members.get(name);
    if (member === undefined) return;
    const { schedule } = this.#around;
    member.cutUntil = schedule.now + length;
    // Whatever it has missed, it hears that there was something.
    schedule.after(length + 1, () => {
      if (!member.process.alive) return;
      member.listener('tasks');
      member.listener('events');
    });
    if (length < NOTICED) return;
    schedule.after(NOTICED, () => this.#giveUp(member));
  }

  /** From here on it is a replica anew; what it had is free when its lease has run out. */
  #giveUp(member: Member): void {
    const { name } = member.process;
    const before = `${name} as it was`;
    for (const [held, { by, fence }] of this.#held)
      if (by === name) this.#held.set(held, { by: before, fence });
    const claims = this.#chronicle.claimsBy(name);
    member.lost.abort();
    member.lost = new AbortController();
    const { schedule } = this.#around;
    schedule.after(LEASE - NOTICED, () => {
      this.#free(before, claims);
      member.silent = this.#isCut(name);
      schedule.after(member.cutUntil - schedule.now, () => (member.silent = false));
    });
  }

  /** Who is heard of, and who was a moment ago. */
  #peers(self: string): Peers {
    if (this.#isCut(self)) throw new SpillwayError('unavailable', 'the store does not answer');
    const live = [...this.#members].flatMap(([name, { silent }]) => (silent ? [] : [name]));
    return { self, live: live.sort() };
  }

  #isCut(name: string): boolean {
    return (this.#members.get(name)?.cutUntil ?? 0) > this.#around.schedule.now;
  }

  #hold(by: string, names: readonly string[]): readonly Hold[] {
    const lost = this.#members.get(by)?.lost.signal;
    if (lost === undefined || this.#isCut(by))
      throw new SpillwayError('unavailable', 'the store does not answer');
    return names.flatMap((name) => {
      const holder = this.#held.get(name);
      if (holder !== undefined && holder.by !== by) return [];
      const fence = holder?.fence ?? this.#store.perform(by, 'drawFence', []);
      this.#held.set(name, { by, fence });
      return [{ name, fence, lost, release: async () => this.#release(name, by) }];
    });
  }

  #listen(by: string, listener: (what: News) => void): () => void {
    const member = this.#members.get(by);
    if (member === undefined) return () => undefined;
    member.listener = listener;
    return () => {
      member.listener = () => undefined;
    };
  }

  /** Somebody has committed: the others hear of it a little later. */
  #tell(by: string, what: News): void {
    const { schedule, random } = this.#around;
    for (const [name, { process, listener }] of this.#members)
      if (name !== by)
        schedule.after(random.below(NEWS_WITHIN), () => {
          if (process.alive && !this.#isCut(name)) listener(what);
        });
  }

  #release(name: string, by: string): void {
    if (this.#held.get(name)?.by === by) this.#held.delete(name);
  }

  #free(by: string, claims: readonly Claim[]): void {
    this.#around.trace.add('world', `what ${by} held and had claimed is free`);
    for (const [name, holder] of this.#held) if (holder.by === by) this.#held.delete(name);
    for (const { task } of claims)
      this.#store.perform('world', 'retry', [task.key, task.fence, task.runAt, 'its holder is gone']);
    this.#tell(by, 'tasks');
  }
}
