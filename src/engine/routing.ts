import type { CanaryShare } from '../core/effects.ts';
import { SpillwayError } from '../core/errors.ts';
import { routeOf, type LaneId, type RevisionDigest } from '../core/ids.ts';
import { instancesFor } from '../core/planner.ts';
import { labelOf, type Revision, type Runtime } from '../core/release.ts';
import { NONE, percentOf, splitAt, type ArmName, type Weight } from '../core/weights.ts';
import type { ObservedInstance, Role } from '../ports/target.ts';
import type { ObservedRoute, RoutedArm, Routing } from '../ports/traffic.ts';

/** Who gets the traffic: as effects say it. Both null = nobody. */
export interface Split {
  readonly stable: Revision | null;
  readonly canary: CanaryShare | null;
  /** The part of stable's share that goes to its fresh instances, where enough of them are ready; none when not given. */
  readonly baseline?: Weight;
}

/** The revisions that a split names. */
export const revisionsOf = ({ stable, canary }: Split): readonly Revision[] =>
  [stable, canary?.revision ?? null].filter((revision) => revision !== null);

export const isReady = (instance: ObservedInstance): boolean =>
  instance.alive && !instance.stopping && instance.health === 'healthy';

export const readyOf = (
  instances: readonly ObservedInstance[],
  revision: RevisionDigest,
  role: Role = 'serving',
) =>
  instances.filter(
    (instance) => instance.revision === revision && instance.role === role && isReady(instance),
  );

/** The role of the instances behind an arm. */
export const roleOfArm = (arm: ArmName): Role => (arm === 'baseline' ? 'baseline' : 'serving');

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
  const fresh = baselineFor(split, instances);
  if (stable === null && canary !== null && weights.stable > 0)
    throw new SpillwayError('conflict', 'there is no stable revision to carry the rest of the traffic');
  const shares: ReadonlyArray<readonly [ArmName, Revision, Weight]> = [
    ...(stable === null ? [] : [['stable', stable, (weights.stable - fresh) as Weight] as const]),
    ...(canary === null ? [] : [['canary', canary.revision, weights.canary] as const]),
    ...(stable === null || fresh === NONE ? [] : [['baseline', stable, fresh] as const]),
  ];
  for (const [arm, revision, weight] of shares) {
    const ready = readyOf(instances, revision.digest, roleOfArm(arm)).length;
    const needed = weight === NONE ? 0 : leastFor(split, revision, weight);
    const who = labelOf(revision);
    if (ready < needed)
      return {
        lack: `${who} has ${ready} ready instances, ${percentOf(weight)}% of the traffic needs ${needed}`,
      };
  }
  const arms = shares.map(([arm, revision, weight]): RoutedArm => {
    const ready = readyOf(instances, revision.digest, roleOfArm(arm));
    const endpoints = ready.map((instance) => instance.endpoint);
    return { arm, revision: revision.digest, version: labelOf(revision), weight, endpoints };
  });
  return { ...frameOf(route), arms };
}

/** What the baseline gets: its share, or nothing while it has too few instances; the rest of stable then carries it. */
function baselineFor({ stable, baseline = NONE }: Split, instances: readonly ObservedInstance[]): Weight {
  return stable !== null && canCarry(stable, baseline, instances) ? baseline : NONE;
}

/** Whether enough fresh instances of the revision are ready for a share. */
export const canCarry = (
  { digest, runtime }: Revision,
  share: Weight,
  instances: readonly ObservedInstance[],
): boolean => readyOf(instances, digest, 'baseline').length >= instancesFor(share, runtime.instances);

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
