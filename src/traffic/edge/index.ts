import { SpillwayError } from '../../core/errors.ts';
import { instanceId, type InstanceId, type RevisionDigest } from '../../core/ids.ts';
import { instant, type Duration } from '../../core/time.ts';
import type { ArmName } from '../../core/weights.ts';
import { askEdge, type ControlRequest } from '../../edge/client.ts';
import { unpackHistogram, type WireCounts, type WireRoute } from '../../edge/wire.ts';
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
      await ask({ method: 'POST', path: '/watch-slow', body: { route, buckets } });
    },

    async counts(route: string): Promise<TrafficCounts> {
      const path = `/counts?route=${encodeURIComponent(route)}`;
      return fromWire(await ask<WireCounts>({ method: 'GET', path }));
    },
  };
}

const fromWire = ({ at, instances, ...rest }: WireCounts): TrafficCounts => ({
  ...rest,
  at: instant(at),
  instances: instances.map((count) => ({
    ...count,
    arm: count.arm as ArmName,
    revision: count.revision as RevisionDigest,
    instance: instanceId(count.instance),
    latency: unpackHistogram(count.latency),
    slowVisitors: pairs(count.slowVisitors),
  })),
});

const pairs = (flat: readonly number[]): ReadonlyMap<number, number> =>
  new Map(flat.flatMap((key, i) => (i % 2 === 0 ? [[key, flat[i + 1] ?? 0] as const] : [])));
