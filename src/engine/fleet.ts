import type { LaneId } from '../core/ids.ts';
import type { Revision } from '../core/release.ts';
import type { ObservedInstance, Target } from '../ports/target.ts';
import type { World } from './world.ts';

/** A lane's revisions may run on targets of different kinds: each target with what runs there now. */
export interface Fleet {
  readonly targets: ReadonlyArray<{
    readonly target: Target;
    readonly instances: readonly ObservedInstance[];
  }>;
  readonly instances: readonly ObservedInstance[];
}

/** Looks at every target that one of the revisions belongs to. */
export async function observeFleet(
  world: Pick<World, 'target'>,
  lane: LaneId,
  revisions: readonly Revision[],
): Promise<Fleet> {
  const types = new Set(revisions.map((revision) => revision.runtime.target.type));
  const targets = await Promise.all(
    [...types].map(async (type) => {
      const target = await world.target(type);
      return { target, instances: await target.observe(lane) };
    }),
  );
  return { targets, instances: targets.flatMap(({ instances }) => instances) };
}
