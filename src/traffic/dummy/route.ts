import { SpillwayError } from '../../core/errors.ts';
import { elapsed, minutes, type Instant } from '../../core/time.ts';
import { unpackHistogram } from '../../edge/wire.ts';
import type { InstanceCounts, ObservedRoute, Routing } from '../../ports/traffic.ts';

/** A request under way. */
export interface DummyRequest {
  readonly instance: string;
  /** @param bucket of the latency histogram */
  end(failed: boolean, bucket: number): void;
}

interface Row {
  counts: Omit<{ -readonly [Key in keyof InstanceCounts]: InstanceCounts[Key] }, 'slowVisitors'> & {
    readonly slowVisitors: Map<number, number>;
  };
  inFlight: number;
  /** Since when the routing is without it; null while it is routed. */
  goneAt: Instant | null;
}

export interface Route {
  routing: Routing;
  fence: number;
  rows: Map<string, Row>;
  /** What each arm is owed: grows by its weight with every request, and falls by their sum with each that it gets. */
  owed: Map<string, number>;
  turn: number;
  /** Buckets of latency that are counted once per visitor. */
  watched: readonly number[];
  /** For what a visitor was counted already. */
  counted: Set<string>;
}

export const newRoute = (routing: Routing, fence: number): Route => ({
  routing,
  fence,
  rows: new Map(),
  owed: new Map(),
  turn: 0,
  watched: [],
  counted: new Set(),
});

/** @throws SpillwayError `stale_fence` */
export function change(route: Route, routing: Routing, fence: number): void {
  if (fence < route.fence)
    throw new SpillwayError('stale_fence', `fence ${route.fence} is newer than ${fence}`, {
      where: routing.route,
    });
  if (routing.rollout !== route.routing.rollout) forgetVisitors(route);
  Object.assign(route, { routing, fence, owed: new Map() });
}

/** As a new rollout or a restart does. */
export function forgetVisitors(route: Route): void {
  route.watched = [];
  route.counted.clear();
}

const COUNTS_KEPT = minutes(10);

const keyOf = (arm: string, instance: string) => `${arm}/${instance}`;

export function observed(route: Route | undefined): ObservedRoute | undefined {
  if (route === undefined) return undefined;
  const { routing, fence } = route;
  const arms = routing.arms.map((arm) => ({
    ...arm,
    inFlight: inFlight(
      route,
      arm.endpoints.map((endpoint) => endpoint.instance),
    ),
  }));
  return { routing, fence, arms };
}

/** Requests under way on the instances. */
export function inFlight({ rows }: Route, instances: readonly string[]): number {
  const asked = [...rows.values()].filter((row) => instances.includes(row.counts.instance));
  return asked.reduce((sum, row) => sum + row.inFlight, 0);
}

/** Begins counts for instances that are new, and notes which are gone. */
export function openRows({ routing, rows }: Route, now: Instant): void {
  for (const row of rows.values()) row.goneAt ??= now;
  for (const { arm, revision, version, endpoints } of routing.arms) {
    for (const { instance } of endpoints) {
      const none = {
        requests: 0,
        errors: 0,
        visitorErrors: 0,
        failingVisitors: 0,
        latency: unpackHistogram([]),
      };
      const counts = { arm, revision, version, instance, ...none, slowVisitors: new Map<number, number>() };
      const row = rows.get(keyOf(arm, instance)) ?? { counts, inFlight: 0, goneAt: null };
      row.goneAt = null;
      rows.set(keyOf(arm, instance), row);
    }
  }
}

/** Draws an arm and one of its instances for a request. */
export function arrive(route: Route, visitor: string | undefined): DummyRequest {
  const { owed, routing } = route;
  let sum = 0;
  for (const { arm, weight } of routing.arms) {
    owed.set(arm, (owed.get(arm) ?? 0) + weight);
    sum += weight;
  }
  const most = Math.max(...owed.values());
  const chosen = routing.arms.find(({ arm, weight }) => weight > 0 && owed.get(arm) === most);
  const endpoint = chosen?.endpoints[route.turn++ % chosen.endpoints.length];
  const row = chosen && endpoint && route.rows.get(keyOf(chosen.arm, endpoint.instance));
  if (row === undefined) throw new SpillwayError('conflict', `${routing.route} has no arm with weight`);
  const { counts } = row;
  owed.set(counts.arm, most - sum);
  row.inFlight++;
  return {
    instance: counts.instance,
    end: (failed, bucket) => {
      row.inFlight--;
      counts.requests++;
      counts.latency[bucket] = (counts.latency[bucket] ?? 0) + 1;
      const sticky = routing.sticky.by !== 'none' && visitor !== undefined;
      const isNew = (what: string) => !route.counted.has(what) && route.counted.add(what) !== undefined;
      for (const from of sticky ? route.watched : [])
        if (bucket >= from && isNew(`${visitor} ${from}`))
          counts.slowVisitors.set(from, (counts.slowVisitors.get(from) ?? 0) + 1);
      if (!failed) return;
      counts.errors++;
      if (sticky && !isNew(`${visitor} failed`)) return;
      counts.visitorErrors++;
      if (sticky) counts.failingVisitors++;
    },
  };
}

/** A copy of the counts of every instance that is routed or has not been gone for long. */
export const countsOf = (rows: Route['rows'], at: Instant): readonly InstanceCounts[] =>
  [...rows.values()]
    .filter(({ goneAt }) => goneAt === null || elapsed(goneAt, at) <= COUNTS_KEPT)
    .map(({ counts }) => ({
      ...counts,
      latency: counts.latency.slice(),
      slowVisitors: new Map(counts.slowVisitors),
    }));
