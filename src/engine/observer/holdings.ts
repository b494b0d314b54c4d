import { routeOf, type LaneId } from '../../core/ids.ts';
import type { Hold, Store } from '../../ports/store.ts';

/** The lanes that this replica looks at: each is looked at by one of all replicas. */
export class Holdings {
  readonly #store: Pick<Store, 'hold'>;
  readonly #holds = new Map<string, Hold>();

  constructor(store: Pick<Store, 'hold'>) {
    this.#store = store;
  }

  /** Takes those of the lanes that no other replica has. */
  async take(lanes: readonly LaneId[]): Promise<void> {
    const free = lanes.map(nameOf).filter((name) => !this.#hasNamed(name));
    if (free.length === 0) return;
    for (const hold of await this.#store.hold(free)) this.#holds.set(hold.name, hold);
  }

  has(lane: LaneId): boolean {
    return this.#hasNamed(nameOf(lane));
  }

  #hasNamed(name: string): boolean {
    return this.#holds.get(name)?.lost.aborted === false;
  }
}

const nameOf = (lane: LaneId) => `watch/${routeOf(lane)}`;
