import { routeOf, type InstanceId, type LaneId } from '../../core/ids.ts';
import { seconds } from '../../core/time.ts';
import type { Target } from '../../ports/target.ts';
import type { ObservedRoute, Traffic } from '../../ports/traffic.ts';

const DRAIN_LIMIT = seconds(30);
const STOP_GRACE = seconds(10);

/** Of these instances, those that no arm with weight sends requests to. */
export function withoutTraffic(
  ids: readonly InstanceId[],
  route: ObservedRoute | undefined,
): readonly InstanceId[] {
  const serving = (route?.routing.arms ?? []).filter((arm) => arm.weight > 0);
  const used = new Set(serving.flatMap((arm) => arm.endpoints.map(({ instance }) => instance)));
  return ids.filter((id) => !used.has(id));
}

/** Lets idle instances finish what they have begun, and ends them. */
export async function endIdle(
  lane: LaneId,
  ids: readonly InstanceId[],
  { traffic, target }: { readonly traffic: Traffic; readonly target: Target },
): Promise<void> {
  await traffic.drain(routeOf(lane), ids, DRAIN_LIMIT);
  await target.stop(lane, ids, STOP_GRACE);
}
