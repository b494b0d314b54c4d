import type { CanaryShare } from '../core/effects.ts';
import { SpillwayError } from '../core/errors.ts';
import { routeOf, type LaneId, type RevisionDigest } from '../core/ids.ts';
import { instancesFor } from '../core/planner.ts';
import { labelOf, type Revision, type Runtime } from '../core/release.ts';
import { NONE, percentOf, splitAt, type ArmName, type Weight } from '../core/weights.ts';
import type { ObservedInstance } from '../ports/target.ts';
import type { ObservedRoute, RoutedArm, Routing } from '../ports/traffic.ts';

/** Who gets the traffic: as effects say it. Both null = nobody. */
export interface Split {
  readonly stable: Revision | null;
  readonly canary: CanaryShare | null;
}

/** The revisions that a split names. */
export const revisionsOf = ({ stable, canary }: Split): readonly Revision[] =>
  [stable, canary?.revision ?? null].filter((revision) => revision !== null);

export const isReady = (instance: ObservedInstance): boolean =>
  instance.alive && !instance.stopping && instance.health === 'healthy';

export const readyOf = (instances: readonly ObservedInstance[], revision: RevisionDigest) =>
  instances.filter((instance) => instance.revision === revision && isReady(instance));

export interface RouteOf {
  readonly lane: LaneId;
  /** Its traffic settings say where the route listens and how visitors stick; already parsed by the adapter's schema. */
  readonly runtime: Runtime;
  readonly rollout: string;
}

/** Why an arm cannot carry its share. */
export interface Lack {
  readonly lack: string;
}

/**
 * The routing that a split means, made of the instances that are ready. No arm gets more than it can carry: a weight
 * needs its part of the instances that carry all of the traffic.
 * @throws SpillwayError `conflict` for a share of the traffic that nobody is there to share with
 */
export function routingFor(
  route: RouteOf,
  split: Split,
  instances: readonly ObservedInstance[],
): Routing | Lack {
  const { stable, canary } = split;
  const weights = splitAt(canary?.weight ?? NONE);
  if (stable === null && canary !== null && weights.stable > 0)
    throw new SpillwayError('conflict', 'there is no stable revision to carry the rest of the traffic');
  const shares: ReadonlyArray<readonly [ArmName, Revision, Weight]> = [
    ...(stable === null ? [] : [['stable', stable, weights.stable] as const]),
    ...(canary === null ? [] : [['canary', canary.revision, weights.canary] as const]),
  ];
  for (const [, revision, weight] of shares) {
    const ready = readyOf(instances, revision.digest).length;
    const needed = weight === NONE ? 0 : leastFor(split, revision, weight);
    const who = labelOf(revision);
    if (ready < needed)
      return {
        lack: `${who} has ${ready} ready instances, ${percentOf(weight)}% of the traffic needs ${needed}`,
      };
  }
  const arms = shares.map(([arm, revision, weight]): RoutedArm => {
    const endpoints = readyOf(instances, revision.digest).map((instance) => instance.endpoint);
    return { arm, revision: revision.digest, version: labelOf(revision), weight, endpoints };
  });
  return { ...frameOf(route), arms };
}

/**
 * Where one revision takes it all, a single instance will do: on the way back, fewer good instances are better than bad
 * ones, and the rest are started again.
 */
const leastFor = ({ canary }: Split, { runtime }: Revision, weight: Weight): number =>
  canary === null ? 1 : instancesFor(weight, runtime.instances);

/** Everything of a routing but its arms. */
function frameOf({ lane, runtime, rollout }: RouteOf): Omit<Routing, 'arms'> {
  const settings = runtime.traffic.settings as unknown as Pick<Routing, 'listen' | 'sticky'>;
  return { route: routeOf(lane), listen: settings.listen, sticky: settings.sticky, rollout };
}

/** Whether the provider carries the traffic as it was asked to. */
export const carries = (seen: ObservedRoute | undefined, asked: Routing): boolean =>
  asked.arms.every(({ arm, revision, weight }) =>
    seen?.routing.arms.some((is) => is.arm === arm && is.revision === revision && is.weight === weight),
  ) && (seen?.routing.arms.length ?? 0) === asked.arms.length;
