import { SpillwayError } from '../../core/errors.ts';
import { elapsed, milliseconds } from '../../core/time.ts';
import { parseRouting } from '../../edge/routing.ts';
import type { System } from '../../ports/system.ts';
import type { Traffic } from '../../ports/traffic.ts';
import {
  arrive,
  change,
  countsOf,
  forgetVisitors,
  inFlight,
  newRoute,
  observed,
  openRows,
  type DummyRequest,
  type Route,
} from './route.ts';

/** What was asked of it, in order; for tests that compare with what should have been. */
export interface DummyTrafficCall {
  readonly method: 'observe' | 'set' | 'drain' | 'watchSlow' | 'counts';
  readonly route: string;
}

/** `before` = nothing was done; `after` = all was done and only the answer was lost. Both are told as `unavailable`. */
export type Fault = 'before' | 'after';

export interface DummyTrafficOptions {
  readonly system: System;
  /** @param call 1 for the first of its method, whatever the route */
  readonly script?: (method: DummyTrafficCall['method'], call: number) => Fault | undefined;
}

export interface DummyTraffic extends Traffic {
  readonly calls: readonly DummyTrafficCall[];
  /**
   * Lets a request arrive: arms take turns by their weights, the instances of an arm one after the other.
   * @param visitor whose it is, on a sticky route; without one it counts by itself
   */
  request(route: string, visitor?: string): DummyRequest;
  /** As after a crash: routes are kept, counts begin again. */
  restart(): void;
}

const LOOK_EVERY = milliseconds(20);

/**
 * Traffic without a network: it keeps the port's contract in memory, fails as scripted, and rejects with `conflict` a drain of
 * an instance that still has weight, which a real provider would forgive.
 */
export function createDummyTraffic({ system, script = () => undefined }: DummyTrafficOptions): DummyTraffic {
  const routes = new Map<string, Route>();
  const calls: DummyTrafficCall[] = [];
  let epoch = system.id();

  const find = (name: string): Route => {
    const route = routes.get(name);
    if (route === undefined)
      throw new SpillwayError('not_found', `there is no route ${name}`, { where: name });
    return route;
  };

  const performed = async <Result>(
    call: DummyTrafficCall,
    act: () => Result | Promise<Result>,
  ): Promise<Result> => {
    calls.push(call);
    const fault = script(call.method, calls.filter(({ method }) => method === call.method).length);
    const failure = new SpillwayError('unavailable', `${call.method} fails ${fault} acting, as scripted`);
    if (fault === 'before') throw failure;
    const result = await act();
    if (fault === 'after') throw failure;
    return result;
  };

  return {
    calls,

    observe: (name) => performed({ method: 'observe', route: name }, () => observed(routes.get(name))),

    set: (asked, fence) =>
      performed({ method: 'set', route: asked.route }, () => {
        const routing = parseRouting(asked);
        const route = routes.get(routing.route) ?? newRoute(routing, fence);
        change(route, routing, fence);
        routes.set(routing.route, route);
        openRows(route, system.now());
      }),

    drain: (name, instances, limit) =>
      performed({ method: 'drain', route: name }, async () => {
        const route = find(name);
        const carrying = route.routing.arms.filter((arm) => arm.weight > 0).flatMap((arm) => arm.endpoints);
        const early = carrying.find((endpoint) => instances.includes(endpoint.instance));
        if (early) throw new SpillwayError('conflict', `${early.instance} is drained while it has weight`);
        const began = system.now();
        const left = () => inFlight(route, instances);
        while (left() > 0 && elapsed(began, system.now()) < limit) await system.sleep(LOOK_EVERY);
        return left();
      }),

    counts: (name) =>
      performed({ method: 'counts', route: name }, () => {
        const { routing, rows, watched } = find(name);
        const at = system.now();
        const instances = countsOf(rows, at);
        const { rollout } = routing;
        return { route: name, epoch, rollout, at, instances, dropped: 0, watched, approximate: false };
      }),

    watchSlow: (name, buckets) =>
      performed({ method: 'watchSlow', route: name }, () => {
        find(name).watched = buckets;
      }),

    request: (name, visitor) => arrive(find(name), visitor),

    restart: () => {
      epoch = system.id();
      for (const route of routes.values()) {
        route.rows = new Map();
        forgetVisitors(route);
        openRows(route, system.now());
      }
    },
  };
}
