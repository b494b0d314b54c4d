import { routeOf } from '../../../src/core/ids.ts';
import type { Invariant } from './invariant.ts';

export const drainedFirst: Invariant = {
  name: 'drained first',
  says: 'Order when an instance leaves: weight 0, wait for its requests, close the pool, then SIGTERM.',
  watch: ({ traffic, target, violated }) => ({
    stopping(lane, ids) {
      const route = routeOf(lane);
      for (const id of ids) {
        if (!target.isAlive(id)) continue;
        if (traffic.carries(route, id)) violated(`${id} of ${route} is stopped while it has traffic`);
        else if (!traffic.isDrained(route, id))
          violated(`${id} of ${route} is stopped and was not waited for`);
      }
    },
  }),
};
