import { createHash } from 'node:crypto';
import type { LaneId } from '../../core/ids.ts';
import { laneHold, type Hold, type Peers, type Store } from '../../ports/store.ts';

/**
 * The lanes that this replica looks at: each is looked at by one of all replicas. Which one that is to be, all of them agree on without
 * a word (rendezvous hashing, Thaler and Ravishankar 1998); a hold makes sure that nobody begins before the other has ended.
 */
export class Holdings {
  readonly #store: Pick<Store, 'hold' | 'peers'>;
  readonly #holds = new Map<string, Hold>();
  #peers: Peers = { self: '', live: [] };
  /** Of names asked about since the peers changed: whether they fall to this replica. */
  readonly #mine = new Map<string, boolean>();

  constructor(store: Pick<Store, 'hold' | 'peers'>) {
    this.#store = store;
  }

  /** Takes those of the lanes that fall to this replica and are free, and gives up those that fall to another. */
  async take(lanes: readonly LaneId[]): Promise<void> {
    this.#meet(await this.#store.peers());
    await this.#giveUp();
    const free = lanes.map(laneHold).filter((name) => this.#isMine(name) && !this.#hasNamed(name));
    if (free.length === 0) return;
    for (const hold of await this.#store.hold(free)) this.#holds.set(hold.name, hold);
  }

  has(lane: LaneId): boolean {
    return this.#hasNamed(laneHold(lane));
  }

  #meet(peers: Peers): void {
    const same = peers.self === this.#peers.self && peers.live.join() === this.#peers.live.join();
    this.#peers = peers;
    if (!same) this.#mine.clear();
  }

  async #giveUp(): Promise<void> {
    for (const [name, hold] of this.#holds) {
      if (this.#isMine(name)) continue;
      this.#holds.delete(name);
      await hold.release();
    }
  }

  #isMine(name: string): boolean {
    const known = this.#mine.get(name);
    if (known !== undefined) return known;
    const { self, live } = this.#peers;
    const own = drawOf(self, name);
    const mine = live.every((peer) => peer === self || drawOf(peer, name) < own);
    this.#mine.set(name, mine);
    return mine;
  }

  #hasNamed(name: string): boolean {
    return this.#holds.get(name)?.lost.aborted === false;
  }
}

/** Whose is highest has the name. */
const drawOf = (peer: string, name: string): string =>
  createHash('sha256').update(`${peer} ${name}`).digest('hex');
