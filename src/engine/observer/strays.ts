import { routeOf, type LaneId, type RevisionDigest } from '../../core/ids.ts';
import { minutes } from '../../core/time.ts';
import type { Fleet } from '../fleet.ts';
import type { World } from '../world.ts';
import { endIdle, withoutTraffic } from './idle.ts';

/** Longer than a retirement may take: until then it is not left behind, only not done. */
const LEFT_BEHIND_AFTER = minutes(15);

/** What belongs to a lane at rest, and who carries its traffic. */
export interface AtRest {
  /** null: nothing serves, and nothing should run. */
  readonly serving: RevisionDigest | null;
  /** Kind of traffic provider. */
  readonly traffic: string;
}

/**
 * Ends what a retirement that failed has left running: nothing but the serving revision belongs to a lane at rest. Instances of a
 * baseline are the surplus keeper's.
 */
export class StrayKeeper {
  readonly #world: World;
  readonly #lane: LaneId;
  /** By the monotonic clock. */
  #since: number | undefined;

  constructor(world: World, lane: LaneId) {
    this.#world = world;
    this.#lane = lane;
  }

  /** A deployment is under way: its instances are its own business. */
  busy(): void {
    this.#since = undefined;
  }

  async keep({ serving, traffic: type }: AtRest, { targets }: Fleet): Promise<void> {
    const { system, log } = this.#world;
    const strays = targets.map(({ target, instances }) => ({
      target,
      ids: instances.filter((one) => one.alive && one.revision !== serving).map(({ id }) => id),
    }));
    if (strays.every(({ ids }) => ids.length === 0)) return this.busy();
    this.#since ??= system.monotonic();
    if (system.monotonic() - this.#since < LEFT_BEHIND_AFTER) return;
    this.#since = undefined;
    const traffic = await this.#world.traffic(type);
    const route = routeOf(this.#lane);
    for (const { target, ids } of strays) {
      const idle = withoutTraffic(ids, await traffic.observe(route));
      if (idle.length === 0) continue;
      log.warn({ lane: route, instances: idle }, 'ending what was left behind');
      await endIdle(this.#lane, idle, { traffic, target });
    }
  }
}
