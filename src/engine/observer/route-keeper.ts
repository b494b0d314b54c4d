import { NONE, splitAt } from '../../core/weights.ts';
import { routeOf, type LaneId, type RevisionDigest } from '../../core/ids.ts';
import type { Lane } from '../../core/lane.ts';
import type { ObservedInstance } from '../../ports/target.ts';
import type { Endpoint, ObservedRoute, RoutedArm, Routing, Traffic } from '../../ports/traffic.ts';
import type { Lanes } from '../lanes.ts';
import { canCarry, isReady, revisionsOf, roleOfArm, routingFor, type Split } from '../routing.ts';
import type { World } from '../world.ts';
import { expectedOf } from './expected.ts';
import type { HealthBook } from './health-book.ts';

/** An instance that answers badly this often in a row gets no more traffic; one that has ended gets none at once. */
const SICK_LOOKS = 2;

/** Sets the routing again when what carries the traffic is not what should, or not where it is. */
export class RouteKeeper {
  readonly #world: World;
  readonly #lanes: Lanes;
  readonly #id: LaneId;

  constructor(world: World, lanes: Lanes, id: LaneId) {
    this.#world = world;
    this.#lanes = lanes;
    this.#id = id;
  }

  async keep(lane: Lane, instances: readonly ObservedInstance[], health: HealthBook): Promise<void> {
    const { split } = expectedOf(lane);
    if (split === null) return;
    const traffic = await this.#trafficOf(split);
    const seen = await traffic.observe(routeOf(this.#id));
    if (this.#correction(lane, split, seen, instances, health) === undefined) return;

    // The fence comes before the state is read again: a shift that is decided after that reading has a larger one,
    // and this then loses to it; one decided before shows in the state.
    const fence = await this.#world.store.drawFence();
    const fresh = await this.#lanes.lane(this.#id);
    const now = expectedOf(fresh).split;
    if (now === null) return;
    const correction = this.#correction(fresh, now, seen, instances, health);
    if (correction === undefined) return;
    await traffic.set(correction, fence);
    this.#world.log.info({ route: correction.route, arms: correction.arms }, 'routing set to what is there');
  }

  async #trafficOf(split: Split): Promise<Traffic> {
    const [revision] = revisionsOf(split);
    if (revision === undefined) throw new Error('a split without a revision carries nothing');
    return this.#world.traffic(revision.runtime.traffic.type);
  }

  /** The routing to set; undefined when there is nothing to correct, or nothing to correct it with. */
  #correction(
    lane: Lane,
    split: Split,
    seen: ObservedRoute | undefined,
    instances: readonly ObservedInstance[],
    health: HealthBook,
  ): Routing | undefined {
    const kept = seen !== undefined && carriesShares(seen.routing, split);
    if (kept && hasBaseline(seen.routing, split, instances, health)) {
      const arms = seen.routing.arms.map((arm) => refreshed(arm, instances, health));
      return sameEndpoints(arms, seen.routing.arms) ? undefined : { ...seen.routing, arms };
    }
    const runtime = (split.canary?.revision ?? split.stable)?.runtime;
    if (runtime === undefined) return undefined;
    const rollout = expectedOf(lane).rollout ?? seen?.routing.rollout ?? 'steady';
    const routing = routingFor({ lane: this.#id, runtime, rollout }, split, instances);
    return 'lack' in routing ? undefined : routing;
  }
}

/** Whether every revision has the share that the split gives it, whatever its arm is called. */
function carriesShares(routing: Routing, { stable, canary }: Split): boolean {
  const rest = new Map<RevisionDigest, number>();
  const add = (revision: RevisionDigest, weight: number) =>
    rest.set(revision, (rest.get(revision) ?? 0) + weight);
  const asked = splitAt(canary?.weight ?? NONE);
  for (const { revision, weight } of routing.arms) add(revision, weight);
  if (canary !== null) add(canary.revision.digest, 0 - asked.canary);
  if (stable !== null) add(stable.digest, 0 - asked.stable);
  return [...rest.values()].every((weight) => weight === 0);
}

/** The arm with the endpoints that can be used now. An arm with weight is never left without any. */
function refreshed(arm: RoutedArm, instances: readonly ObservedInstance[], health: HealthBook): RoutedArm {
  const usable = usableFor(arm, instances, health);
  return usable.length === 0 ? arm : { ...arm, endpoints: usable.map(({ endpoint }) => endpoint) };
}

function usableFor(
  { arm, revision, endpoints }: RoutedArm,
  instances: readonly ObservedInstance[],
  health: HealthBook,
): readonly ObservedInstance[] {
  const routed = new Set(endpoints.map(({ instance }) => instance));
  const mayStay = (one: ObservedInstance) =>
    routed.has(one.id) && one.alive && !one.stopping && health.sickLooks(one.id) < SICK_LOOKS;
  return instances.filter(
    (one) => one.revision === revision && one.role === roleOfArm(arm) && (isReady(one) || mayStay(one)),
  );
}

/**
 * Whether the fresh baseline has the share that it can carry: all of its own, or none while it has too few instances. Users are not
 * sent to an arm that nobody stands behind, when there are others of the same version.
 */
function hasBaseline(
  { arms }: Routing,
  { stable, baseline = NONE }: Split,
  instances: readonly ObservedInstance[],
  health: HealthBook,
): boolean {
  const seen = arms.find(({ arm }) => arm === 'baseline');
  if (seen !== undefined && seen.weight > NONE)
    return seen.weight === baseline && usableFor(seen, instances, health).length > 0;
  if (stable === null || baseline === NONE) return true;
  return !canCarry(stable, baseline, instances);
}

function sameEndpoints(a: readonly RoutedArm[], b: readonly RoutedArm[]): boolean {
  const names = (arms: readonly RoutedArm[]) =>
    arms.map((arm) => [arm.arm, ...arm.endpoints.map(nameOf).sort()].join(' ')).join('\n');
  return names(a) === names(b);
}

const nameOf = ({ instance, host, port }: Endpoint) => `${instance}@${host}:${port}`;
