import { SpillwayError } from '../../core/errors.ts';
import { instanceId, type InstanceId, type RevisionDigest } from '../../core/ids.ts';
import { instant, type Duration } from '../../core/time.ts';
import type { ArmName } from '../../core/weights.ts';
import { askEdge, type ControlRequest } from '../../edge/client.ts';
import { unpackHistogram, type WireCount, type WireCounts, type WireRoute } from '../../edge/wire.ts';
import type { ObservedRoute, Routing, Traffic, TrafficCounts } from '../../ports/traffic.ts';
import { run } from './running.ts';
import { startDetached, type StartEdge } from './start.ts';

export interface EdgeTrafficOptions {
  /** The edge's folder: state, control socket, log. */
  readonly dir: string;
  /** Starts the edge's process so that it outlives this one; a detached child when not given. */
  readonly startEdge?: StartEdge;
}

export interface EdgeTraffic extends Traffic {
  /**
   * Adopts the edge that holds the folder, or starts one, and returns when it answers.
   * @throws SpillwayError `unavailable` when it does not answer in time
   */
  ensureRunning(): Promise<void>;
}

/** What the answer to a drain may take beyond its limit. */
const DRAIN_GRACE_MS = 5000;

/** Traffic by the built-in edge. An edge that has died is started again by whatever is asked of it next. */
export function createEdgeTraffic({ dir, startEdge = startDetached }: EdgeTrafficOptions): EdgeTraffic {
  let starting: Promise<void> | undefined;

  /** Those who find the edge dead at the same time start it once. */
  function ensureRunning(): Promise<void> {
    starting ??= run(dir, startEdge).finally(() => (starting = undefined));
    return starting;
  }

  async function ask<Answer>(asked: ControlRequest): Promise<Answer> {
    try {
      return await askEdge<Answer>(dir, asked);
    } catch (error) {
      if (!(error instanceof SpillwayError) || error.code !== 'unavailable') throw error;
      await ensureRunning();
      return askEdge<Answer>(dir, asked);
    }
  }

  return {
    ensureRunning,

    async observe(route: string): Promise<ObservedRoute | undefined> {
      const routes = await ask<readonly WireRoute[]>({ method: 'GET', path: '/routes' });
      return routes.find(({ routing }) => routing.route === route);
    },

    async set(routing: Routing, fence: number): Promise<void> {
      await ask({
        method: 'PUT',
        path: `/routes/${encodeURIComponent(routing.route)}`,
        body: { routing, fence },
      });
    },

    async drain(route: string, instances: readonly InstanceId[], limit: Duration): Promise<number> {
      const body = { route, instances, limitMs: Math.ceil(limit) };
      const patience = limit + DRAIN_GRACE_MS;
      const { left } = await ask<{ readonly left: number }>({
        method: 'POST',
        path: '/drain',
        body,
        patience,
      });
      return left;
    },

    async watchSlow(route: string, buckets: readonly number[]): Promise<void> {
      const asked = ask({ method: 'POST', path: '/watch-slow', body: { route, buckets } });
      await asked.catch(ignoreUnknownAction);
    },

    async counts(route: string): Promise<TrafficCounts> {
      const path = `/counts?route=${encodeURIComponent(route)}`;
      return fromWire(await ask<WireCountsOfAny>({ method: 'GET', path }));
    },
  };
}

/** What an edge tells that an older Spillway has started, and that has run since: it knows visitors by their errors alone. */
type WireCountOfAny = Omit<WireCount, OnlyOfLate> & Partial<Pick<WireCount, OnlyOfLate>>;
type OnlyOfLate = 'failingVisitors' | 'slowVisitors';
type WireCountsOfAny = Omit<WireCounts, 'instances' | 'watched' | 'approximate'> &
  Partial<Pick<WireCounts, 'watched' | 'approximate'>> & { readonly instances: readonly WireCountOfAny[] };

const fromWire = ({
  at,
  instances,
  watched = [],
  approximate = true,
  ...rest
}: WireCountsOfAny): TrafficCounts => ({
  ...rest,
  at: instant(at),
  watched,
  approximate,
  instances: instances.map(({ failingVisitors = 0, slowVisitors = [], ...count }) => ({
    ...count,
    arm: count.arm as ArmName,
    revision: count.revision as RevisionDigest,
    instance: instanceId(count.instance),
    latency: unpackHistogram(count.latency),
    failingVisitors,
    slowVisitors: pairs(slowVisitors),
  })),
});

/** Of an edge that does not count slow answers by visitor nobody expects it: `counts` says what is watched. A route has a name. */
function ignoreUnknownAction(error: unknown): void {
  if (!(error instanceof SpillwayError) || error.code !== 'not_found' || error.where !== undefined)
    throw error;
}

const pairs = (flat: readonly number[]): ReadonlyMap<number, number> =>
  new Map(flat.flatMap((key, i) => (i % 2 === 0 ? [[key, flat[i + 1] ?? 0] as const] : [])));
