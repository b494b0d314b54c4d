import type { InstanceId, RevisionDigest } from '../core/ids.ts';
import type { Duration, Instant } from '../core/time.ts';
import type { ArmName, Weight } from '../core/weights.ts';
import type { Histogram } from '../judge/histogram.ts';

/** Where an instance listens. */
export interface Endpoint {
  readonly instance: InstanceId;
  readonly host: string;
  readonly port: number;
}

export interface RoutedArm {
  readonly arm: ArmName;
  readonly revision: RevisionDigest;
  readonly version: string;
  readonly weight: Weight;
  readonly endpoints: readonly Endpoint[];
}

/** How a visitor is kept on a version: by a cookie that the provider sets, or not at all (each request is drawn by itself). */
export type Stickiness = { readonly by: 'cookie'; readonly name: string } | { readonly by: 'none' };

/**
 * All that a route needs; weights sum to 10,000 and an arm with weight has at least one endpoint. Without arms the route
 * is withdrawn: it answers 503.
 */
export interface Routing {
  /** `<application>/<environment>`. */
  readonly route: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Names the rollout under way. A new name starts the per-visitor counts and the visitors' draw anew. */
  readonly rollout: string;
  readonly sticky: Stickiness;
  readonly arms: readonly RoutedArm[];
}

export interface ObservedArm extends RoutedArm {
  /** Requests and upgraded connections under way. */
  readonly inFlight: number;
}

export interface ObservedRoute {
  readonly routing: Routing;
  /** The fence of the last accepted `set`. */
  readonly fence: number;
  readonly arms: readonly ObservedArm[];
}

/** Counts since `epoch` began; they only grow within one epoch. */
export interface InstanceCounts {
  readonly arm: ArmName;
  readonly revision: RevisionDigest;
  readonly version: string;
  readonly instance: InstanceId;
  readonly requests: number;
  /** Answers of 500 and above, and requests that got no answer from the instance. */
  readonly errors: number;
  /** `errors`, counted once per sticky visitor and rollout; equal to `errors` for requests that were drawn by themselves. */
  readonly visitorErrors: number;
  /**
   * Sticky visitors behind `visitorErrors`, as far as they can be told apart: those without a cookie by address and program. Always 0
   * where requests are drawn by themselves.
   */
  readonly failingVisitors: number;
  /** Time from the request's arrival to the answer's head. */
  readonly latency: Histogram;
  /** By watched bucket: answers in it or above, each counted once per sticky visitor and rollout. */
  readonly slowVisitors: ReadonlyMap<number, number>;
}

export interface TrafficCounts {
  readonly route: string;
  /** Changes when counts start again from 0 (the provider was restarted). */
  readonly epoch: string;
  readonly rollout: string;
  /** Up to here the counts are final: nothing that was answered before is added later. */
  readonly at: Instant;
  readonly instances: readonly InstanceCounts[];
  /** Requests answered by the provider itself because no instance could: the ones a user sees as dropped. */
  readonly dropped: number;
  /** The buckets that are watched (see `watchSlow`). */
  readonly watched: readonly number[];
  /** More visitors than can be remembered exactly: a few new ones were taken for known, and not counted. */
  readonly approximate: boolean;
}

/**
 * What carries requests to instances.
 *
 * Every method may be repeated. `set` is atomic: after a failure the route is either as before or as asked, and
 * `observe` tells which. What was set survives a restart of the provider, and of Spillway.
 */
export interface Traffic {
  /** @returns undefined for a route that was never set. */
  observe(route: string): Promise<ObservedRoute | undefined>;
  /**
   * Makes the route what `routing` says. New requests follow at once; those in flight end where they began.
   * @throws SpillwayError `stale_fence` when a larger fence has been accepted for this route.
   */
  set(routing: Routing, fence: number): Promise<void>;
  /**
   * Waits until the instances have no request in flight. Upgraded connections and event streams, which
   * have no end of their own, are closed within 10 s, or when a shorter `limit` is near.
   * @returns the number still in flight when `limit` was over.
   */
  drain(route: string, instances: readonly InstanceId[], limit: Duration): Promise<number>;
  /**
   * Counts answers in each of these buckets of latency, or above, once per sticky visitor and rollout from now on (`slowVisitors`).
   * It is forgotten with the rollout and when the provider restarts; `counts` tells what is watched.
   * @param buckets at most 16 (see judge/histogram.ts)
   */
  watchSlow(route: string, buckets: readonly number[]): Promise<void>;
  /** Counts of every instance that the route has had since the epoch began and that has not been gone for over 10 minutes. */
  counts(route: string): Promise<TrafficCounts>;
}
