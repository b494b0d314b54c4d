import { SpillwayError } from '../../../src/core/errors.ts';
import type { InstanceId } from '../../../src/core/ids.ts';
import { instant, type Duration } from '../../../src/core/time.ts';
import { ALL } from '../../../src/core/weights.ts';
import type { ObservedRoute, Routing, Traffic, TrafficCounts } from '../../../src/ports/traffic.ts';
import type { Host } from '../process.ts';
import type { Random } from '../random.ts';
import type { Schedule } from '../schedule.ts';
import { Row } from './counts.ts';
import { answersOf, type Answers, type Releases } from './releases.ts';

interface Route {
  routing: Routing;
  fence: number;
  readonly rows: Map<string, Row>;
  servedUntil: number;
  /** When the last request under way on an instance ends that gets no new ones. */
  readonly idleAt: Map<InstanceId, number>;
  /** Those that were waited for since they had traffic last. */
  readonly drained: Set<InstanceId>;
}

/** A change that the provider has accepted. */
export interface Change {
  readonly before: Routing | undefined;
  readonly routing: Routing;
  readonly fence: number;
}

const COUNTS_KEPT = 600_000;
const LONGEST_REQUEST = 4000;
const DEAD: Answers = { errors: 1, latencyMs: 1 };

/**
 * What carries the requests, and outlives Spillway: so many requests a second on every route, split by the weights that
 * are set, with an end that the version decides. It keeps the port's contract, fences included, and what is true can be asked.
 */
export class SimTraffic implements Traffic {
  /** Told of what was asked, before it is known whether it is accepted. */
  onAsked: (routing: Routing, fence: number) => void = () => undefined;
  onChange: (change: Change) => void = () => undefined;
  isAlive: (instance: InstanceId) => boolean = () => true;
  readonly #host: Host;
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #releases: Releases;
  readonly #rate: number;
  readonly #routes = new Map<string, Route>();
  #epoch = 1;

  /** @param rate requests a second, on each route */
  constructor(host: Host, random: Random, releases: Releases, rate: number) {
    this.#host = host;
    this.#schedule = host.schedule;
    this.#random = random;
    this.#releases = releases;
    this.#rate = rate;
  }

  async observe(name: string): Promise<ObservedRoute | undefined> {
    return this.seen(name);
  }

  async set(routing: Routing, fence: number): Promise<void> {
    this.onAsked(routing, fence);
    const known = this.#routes.get(routing.route);
    if (known !== undefined && fence < known.fence)
      throw new SpillwayError('stale_fence', `fence ${known.fence} is newer than ${fence}`);
    refuseUnfit(routing);
    const before = known?.routing;
    const route = known ?? this.#newRoute(routing, fence);
    this.#serve(route);
    this.#leave(route, routing);
    Object.assign(route, { routing, fence });
    this.onChange({ before, routing, fence });
  }

  async drain(name: string, ids: readonly InstanceId[], limit: Duration): Promise<number> {
    const route = this.#find(name);
    const over = this.#schedule.now + limit;
    const idle = Math.max(0, ...ids.map((id) => route.idleAt.get(id) ?? 0));
    const until = Math.min(idle, over);
    if (until > this.#schedule.now) await this.#schedule.sleep(until - this.#schedule.now);
    for (const id of ids) if (!this.carries(name, id)) route.drained.add(id);
    return ids.filter((id) => (route.idleAt.get(id) ?? 0) > this.#schedule.now).length;
  }

  async watchSlow(name: string): Promise<void> {
    this.#find(name);
  }

  async counts(name: string): Promise<TrafficCounts> {
    const route = this.#find(name);
    this.#serve(route);
    const now = this.#schedule.now;
    const rows = [...route.rows.values()].filter(
      ({ goneAt }) => goneAt === null || now - goneAt < COUNTS_KEPT,
    );
    return {
      route: name,
      epoch: `epoch-${this.#epoch}`,
      rollout: route.routing.rollout,
      at: instant(this.#host.wall()),
      instances: rows.map((row) => row.counts()),
      dropped: 0,
      watched: [],
      approximate: false,
    };
  }

  /** The provider's process is started again: it has kept its routes, and counts from 0. */
  restart(): void {
    this.#epoch += 1;
    for (const route of this.#routes.values()) {
      this.#serve(route);
      route.rows.clear();
    }
  }

  seen(name: string): ObservedRoute | undefined {
    const route = this.#routes.get(name);
    if (route === undefined) return undefined;
    const { routing, fence } = route;
    return { routing, fence, arms: routing.arms.map((arm) => ({ ...arm, inFlight: 0 })) };
  }

  routing(name: string): Routing | undefined {
    return this.#routes.get(name)?.routing;
  }

  /** Whether requests go to the instance. */
  carries(name: string, id: InstanceId): boolean {
    const arms = this.#routes.get(name)?.routing.arms ?? [];
    return arms.some(
      ({ weight, endpoints }) => weight > 0 && endpoints.some(({ instance }) => instance === id),
    );
  }

  /** Whether somebody has waited for the instance's requests since it had traffic; also one that never had any is. */
  isDrained(name: string, id: InstanceId): boolean {
    const route = this.#routes.get(name);
    if (route === undefined || !route.idleAt.has(id)) return !this.carries(name, id);
    return route.drained.has(id) && !this.carries(name, id);
  }

  #newRoute(routing: Routing, fence: number): Route {
    const servedUntil = this.#schedule.now;
    const empty: Routing = { ...routing, arms: [] };
    const route: Route = {
      routing: empty,
      fence,
      rows: new Map(),
      servedUntil,
      idleAt: new Map(),
      drained: new Set(),
    };
    this.#routes.set(routing.route, route);
    return route;
  }

  #find(name: string): Route {
    const route = this.#routes.get(name);
    if (route === undefined) throw new SpillwayError('not_found', `there is no route ${name}`);
    return route;
  }

  /** Instances that get no new requests from here on end those that they have. */
  #leave(route: Route, next: Routing): void {
    const staying = new Set(carrying(next));
    for (const id of carrying(route.routing)) {
      if (staying.has(id)) continue;
      route.idleAt.set(id, this.#schedule.now + this.#random.below(LONGEST_REQUEST));
      route.drained.delete(id);
    }
    for (const id of staying) {
      route.idleAt.set(id, Infinity);
      route.drained.delete(id);
    }
    const routed = new Set(
      next.arms.flatMap(({ arm, endpoints }) => endpoints.map((one) => `${arm}/${one.instance}`)),
    );
    for (const [key, row] of route.rows) if (!routed.has(key)) row.goneAt ??= this.#schedule.now;
  }

  /** Lets the requests happen that have come since the last time. */
  #serve(route: Route): void {
    const now = this.#schedule.now;
    const requests = ((now - route.servedUntil) / 1000) * this.#rate;
    route.servedUntil = now;
    for (const arm of route.routing.arms) {
      const each = (requests * arm.weight) / ALL / Math.max(1, arm.endpoints.length);
      const answers = answersOf(this.#releases.qualityOf(arm.version));
      for (const { instance } of arm.endpoints) {
        const key = `${arm.arm}/${instance}`;
        let row = route.rows.get(key);
        if (row === undefined) route.rows.set(key, (row = new Row(arm, instance)));
        row.goneAt = null;
        if (each > 0) row.add(each, this.isAlive(instance) ? answers : DEAD);
      }
    }
  }
}

const carrying = ({ arms }: Routing): readonly InstanceId[] =>
  arms
    .filter(({ weight }) => weight > 0)
    .flatMap(({ endpoints }) => endpoints.map(({ instance }) => instance));

/** @throws SpillwayError `config_invalid` for what no provider can carry */
function refuseUnfit({ arms }: Routing): void {
  const sum = arms.reduce((total, { weight }) => total + weight, 0);
  const empty = arms.some(({ weight, endpoints }) => weight > 0 && endpoints.length === 0);
  if (arms.length > 0 && (sum !== ALL || empty))
    throw new SpillwayError('config_invalid', 'the weights do not fit');
}
