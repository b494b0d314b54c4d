import { routeOf } from '../../../src/core/ids.ts';
import type { LaneEvent } from '../../../src/core/events.ts';
import type { Invariant } from './invariant.ts';
import { sharesOf } from './shares.ts';

export const rolledBackStaysAway: Invariant = {
  name: 'rolled back stays away',
  says: 'After a rollback completes, no traffic reaches the rolled-back version.',
  watch: ({ chronicle, traffic, violated }) => {
    /** By route: revisions that were taken back and not deployed since. */
    const banned = new Map<string, Set<string>>();
    const check = (route: string): void => {
      const shares = sharesOf(traffic.routing(route)?.arms ?? []);
      for (const digest of banned.get(route) ?? [])
        if ((shares.get(digest) ?? 0) > 0)
          violated(`${route} sends ${shares.get(digest)} to ${digest.slice(0, 20)}, which was taken back`);
    };
    return {
      committed(commit) {
        if (commit.method !== 'append' || !commit.value.ok) return;
        const route = routeOf(commit.args[0].lane);
        const mine = banned.get(route) ?? new Set<string>();
        banned.set(route, mine);
        for (const { event } of commit.args[0].events) note(mine, event as LaneEvent);
        check(route);
      },
      changed: ({ routing }) => check(routing.route),
    };

    function note(mine: Set<string>, event: LaneEvent): void {
      if (
        event.type !== 'rollback.traffic_zero' &&
        event.type !== 'rollback.retried' &&
        event.type !== 'deployment.started'
      )
        return;
      const deployment = chronicle.deployment(event.deployment);
      const digest = deployment?.revision?.digest;
      if (event.type === 'rollback.traffic_zero' && digest !== undefined) mine.add(digest);
      // The fallback, or a new deployment, may well be what was taken back earlier.
      if (event.type === 'rollback.retried' && event.to !== null) mine.delete(event.to.digest);
      if (event.type === 'deployment.started' && digest !== undefined) mine.delete(digest);
    }
  },
};
