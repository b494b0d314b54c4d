import { randomUUID } from 'node:crypto';
import { messageOf, SpillwayError } from '../core/errors.ts';
import { LIMITS, type Limits } from './limits.ts';
import { Route } from './route.ts';
import type { Row } from './table.ts';
import type { Listen, Routing } from './routing.ts';
import { readState, writeState, type KeptRoute } from './state.ts';
import {
  packHistogram,
  type WireCount,
  type WireCounts,
  type WireRoute,
  type WireStatus,
  type WireStatusRoute,
} from './wire.ts';

const LISTEN_AGAIN_MS = 500;

/** All routes of one edge process, and the only writer of its state file. */
export class Edge {
  readonly epoch = randomUUID();
  /** Faults of the edge itself that it went on after. */
  faults = 0;
  readonly #startedAt = Date.now();
  readonly #stateFile: string;
  readonly #limits: Limits;
  readonly #log: (line: string) => void;
  readonly #routes = new Map<string, Route>();
  /** The changes so far: each waits for the one before, so that the file never goes back. */
  #changes: Promise<unknown> = Promise.resolve();
  #leaving = false;

  constructor(stateFile: string, log: (line: string) => void, limits: Partial<Limits> = {}) {
    this.#stateFile = stateFile;
    this.#log = log;
    this.#limits = { ...LIMITS, ...limits };
  }

  /**
   * Takes the kept routes up again and listens. An address that cannot be had is tried again until it can.
   * @throws SpillwayError `corrupt` when the state file cannot be understood
   */
  async start(): Promise<void> {
    const kept = await readState(this.#stateFile);
    for (const { routing, fence } of kept) {
      const route = new Route(routing, fence, this.#limits);
      this.#routes.set(routing.route, route);
      await this.#listen(route);
    }
  }

  /** @throws SpillwayError `stale_fence` | `conflict` when the address cannot be had; then nothing has changed. */
  set(routing: Routing, fence: number): Promise<void> {
    const change = this.#changes.then(() => this.#change(routing, fence));
    this.#changes = change.catch(() => undefined);
    return change;
  }

  routes(): readonly WireRoute[] {
    return [...this.#routes.values()].map(wireRoute);
  }

  /** @throws SpillwayError `not_found` */
  counts(name: string): WireCounts {
    const route = this.#find(name);
    const { watched, approximate } = route.table.visitors;
    return {
      route: name,
      epoch: this.epoch,
      rollout: route.table.routing.rollout,
      at: Date.now(),
      instances: route.rows().map(wireCount),
      dropped: route.dropped,
      watched,
      approximate,
    };
  }

  /**
   * Counts answers in these buckets of latency, or above, once for each visitor of the rollout from now on.
   * @throws SpillwayError `not_found`
   */
  watchSlow(name: string, buckets: readonly number[]): void {
    this.#find(name).table.visitors.watch(buckets);
  }

  /** @throws SpillwayError `not_found` */
  drain(name: string, instances: readonly string[], limitMs: number): Promise<number> {
    return this.#find(name).drain(new Set(instances), limitMs);
  }

  status(): WireStatus {
    const routes = [...this.#routes.values()].map((route): WireStatusRoute => {
      const { size, approximate } = route.table.visitors;
      return {
        ...wireRoute(route),
        listening: route.listener.port !== 0,
        dropped: route.dropped,
        visitors: { remembered: size, approximate },
      };
    });
    return { pid: process.pid, epoch: this.epoch, startedAt: this.#startedAt, faults: this.faults, routes };
  }

  /** Stops accepting, and returns when the last request has ended or the limit is over. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await Promise.all([...this.#routes.values()].map((route) => route.listener.leave()));
  }

  #find(name: string): Route {
    const route = this.#routes.get(name);
    if (route !== undefined) return route;
    throw new SpillwayError('not_found', `the edge has no route ${name}`, {
      where: name,
      hint: 'Set the route first.',
    });
  }

  async #change(asked: Routing, fence: number): Promise<void> {
    const known = this.#routes.get(asked.route);
    if (known !== undefined && fence < known.fence) {
      throw new SpillwayError(
        'stale_fence',
        `${asked.route} was set under fence ${known.fence}, newer than ${fence}`,
        {
          where: asked.route,
          hint: 'Someone newer acts on this route: stop, and observe it before acting again.',
        },
      );
    }
    const current = known?.table.routing;
    const routing = current === undefined ? asked : withKeptPort(asked, current.listen);
    const sameAddress =
      current?.listen.host === routing.listen.host && current.listen.port === routing.listen.port;
    if (known !== undefined && sameAddress) {
      await this.#persist({ routing, fence });
      known.apply(routing, fence);
      return;
    }
    await this.#move(known, routing, fence);
  }

  /** Sets a route that is new or changes its address: opened first, so that a refusal leaves all as it was. */
  async #move(known: Route | undefined, routing: Routing, fence: number): Promise<void> {
    const route = known ?? new Route(routing, fence, this.#limits);
    const listener = await route.listenOn(routing.listen).catch((error: unknown) => {
      const where = `${routing.listen.host}:${routing.listen.port}`;
      throw new SpillwayError('conflict', `cannot listen on ${where}: ${messageOf(error)}`, {
        where,
        hint: 'Free the address or give the route another one.',
        cause: error,
      });
    });
    const bound = { ...routing, listen: { host: routing.listen.host, port: listener.port } };
    try {
      await this.#persist({ routing: bound, fence });
    } catch (error) {
      await listener.leave();
      throw error;
    }
    const old = route.listener;
    route.listener = listener;
    route.apply(bound, fence);
    this.#routes.set(routing.route, route);
    void old.leave();
  }

  async #persist(changed: KeptRoute): Promise<void> {
    const others = [...this.#routes.values()]
      .map((route): KeptRoute => ({ routing: route.table.routing, fence: route.fence }))
      .filter((kept) => kept.routing.route !== changed.routing.route);
    await writeState(this.#stateFile, [...others, changed]);
  }

  async #listen(route: Route): Promise<void> {
    const { listen, route: name } = route.table.routing;
    try {
      route.listener = await route.listenOn(listen);
      this.#log(`${name}: listening on ${listen.host}:${listen.port}`);
    } catch (error) {
      this.#log(`${name}: cannot listen on ${listen.host}:${listen.port}: ${messageOf(error)}; trying again`);
      setTimeout(() => void this.#listenAgain(route), LISTEN_AGAIN_MS);
    }
  }

  async #listenAgain(route: Route): Promise<void> {
    if (!this.#leaving && route.listener.port === 0) await this.#listen(route);
  }
}

/** A port of 0 asks for any: once one was found, it stays. */
const withKeptPort = (asked: Routing, kept: Listen): Routing =>
  asked.listen.port === 0 && asked.listen.host === kept.host ? { ...asked, listen: kept } : asked;

function wireCount(row: Row): WireCount {
  const { arm, instance, requests, errors, visitorErrors, failingVisitors, latency, slowVisitors } = row;
  return {
    arm: arm.arm,
    revision: arm.revision,
    version: arm.version,
    instance,
    requests,
    errors,
    visitorErrors,
    failingVisitors,
    latency: packHistogram(latency),
    slowVisitors: [...slowVisitors].flat(),
  };
}

function wireRoute(route: Route): WireRoute {
  const { routing } = route.table;
  const arms = routing.arms.map((arm) => ({
    ...arm,
    inFlight: route.inFlight(new Set(arm.endpoints.map((endpoint) => endpoint.instance))),
  }));
  return { routing, fence: route.fence, arms };
}
