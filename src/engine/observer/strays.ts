import { routeOf, type LaneId } from '../../core/ids.ts';
import type { Revision } from '../../core/release.ts';
import { elapsed, minutes, type Instant } from '../../core/time.ts';
import type { Fleet } from '../fleet.ts';
import type { World } from '../world.ts';
import { endIdle, withoutTraffic } from './idle.ts';

/** Longer than a retirement may take: until then it is not left behind, only not done. */
const LEFT_BEHIND_AFTER = minutes(15);

/**
 * Ends what a retirement that failed has left running: nothing but the serving revision belongs to a lane at rest. Instances of a
 * baseline are the surplus keeper's.
 */
export class StrayKeeper {
  readonly #world: World;
  readonly #lane: LaneId;
  #since: Instant | undefined;

  constructor(world: World, lane: LaneId) {
    this.#world = world;
    this.#lane = lane;
  }

  /** A deployment is under way: its instances are its own business. */
  busy(): void {
    this.#since = undefined;
  }

  async keep(serving: Revision, { targets }: Fleet): Promise<void> {
    const { system, log } = this.#world;
    const strays = targets.map(({ target, instances }) => ({
      target,
      ids: instances.filter((one) => one.alive && one.revision !== serving.digest).map(({ id }) => id),
    }));
    if (strays.every(({ ids }) => ids.length === 0)) return this.busy();
    this.#since ??= system.now();
    if (elapsed(this.#since, system.now()) < LEFT_BEHIND_AFTER) return;
    this.#since = undefined;
    const traffic = await this.#world.traffic(serving.runtime.traffic.type);
    const route = routeOf(this.#lane);
    for (const { target, ids } of strays) {
      const idle = withoutTraffic(ids, await traffic.observe(route));
      if (idle.length === 0) continue;
      log.warn({ lane: route, instances: idle }, 'ending what was left behind');
      await endIdle(this.#lane, idle, { traffic, target });
    }
  }
}
