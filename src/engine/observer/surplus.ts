import { routeOf, type LaneId } from '../../core/ids.ts';
import type { Lane } from '../../core/lane.ts';
import type { ObservedInstance, Target } from '../../ports/target.ts';
import type { Fleet } from '../fleet.ts';
import type { Lanes } from '../lanes.ts';
import type { World } from '../world.ts';
import { expectedOf } from './expected.ts';
import { endIdle, withoutTraffic } from './idle.ts';

/** Ends instances of a fresh baseline that nothing is compared with any more, whatever has left them there. */
export class SurplusKeeper {
  readonly #world: World;
  readonly #lanes: Lanes;
  readonly #id: LaneId;
  #isEnding = false;

  constructor(world: World, lanes: Lanes, id: LaneId) {
    this.#world = world;
    this.#lanes = lanes;
    this.#id = id;
  }

  /** Looks do not wait for the end of what it ends: requests may take their time. */
  keep(lane: Lane, { targets }: Fleet): void {
    if (this.#isEnding) return;
    const found = targets.flatMap(({ target, instances }) => {
      const fresh = instances.filter(
        ({ role, alive, stopping }) => role === 'baseline' && alive && !stopping,
      );
      return surplusOf(lane, fresh).length > 0 ? [{ target, fresh }] : [];
    });
    if (found.length === 0) return;
    this.#isEnding = true;
    const ended = Promise.all(found.map(({ target, fresh }) => this.#end(target, fresh)));
    void ended
      .catch((error: unknown) =>
        this.#world.log.warn({ err: error, lane: routeOf(this.#id) }, 'a baseline could not be ended'),
      )
      .finally(() => (this.#isEnding = false));
  }

  /** The state is read again: a start that was decided on since wants what seemed to be too many. */
  async #end(target: Target, fresh: readonly ObservedInstance[]): Promise<void> {
    const lane = await this.#lanes.lane(this.#id);
    const { serving } = lane.environment;
    if (serving === null) return;
    const traffic = await this.#world.traffic(serving.runtime.traffic.type);
    const ids = surplusOf(lane, fresh).map(({ id }) => id);
    const idle = withoutTraffic(ids, await traffic.observe(routeOf(this.#id)));
    if (idle.length > 0) await endIdle(this.#id, idle, { traffic, target });
  }
}

/** Those beyond what there may be, the oldest. */
function surplusOf(lane: Lane, fresh: readonly ObservedInstance[]): readonly ObservedInstance[] {
  const { baseline } = expectedOf(lane);
  if (baseline === null) return [];
  return fresh.toSorted((a, b) => b.startedAt - a.startedAt).slice(baseline);
}
