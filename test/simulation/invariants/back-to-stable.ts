import { routeOf } from '../../../src/core/ids.ts';
import { ALL } from '../../../src/core/weights.ts';
import type { Invariant } from './invariant.ts';
import { sharesOf } from './shares.ts';

export const backToStable: Invariant = {
  name: 'back to stable',
  says: 'rolling_back ends when all of the traffic is back: none of it is left on the version that was taken back.',
  watch: ({ chronicle, traffic, violated }) => ({
    committed(commit) {
      if (commit.method !== 'append' || !commit.value.ok) return;
      const { lane, events } = commit.args[0];
      for (const { event } of events) {
        if (event.type !== 'rollback.traffic_zero' || !('deployment' in event)) continue;
        const status = chronicle.deployment(event.deployment)?.status;
        const to = status?.state === 'rolling_back' ? status.rollback.to : null;
        const shares = sharesOf(traffic.routing(routeOf(lane))?.arms ?? []);
        const rest = [...shares].filter(([digest, weight]) => weight > 0 && digest !== to?.digest);
        if (rest.length > 0 || (to !== null && shares.get(to.digest) !== ALL))
          violated(
            `${event.deployment} is back by its record, and the traffic is ${JSON.stringify([...shares])}`,
          );
      }
    },
  }),
};
