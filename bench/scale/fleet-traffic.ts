import { createHistogram, type Histogram } from '../../src/judge/index.ts';
import type { Clock } from '../../src/ports/system.ts';
import type {
  InstanceCounts,
  ObservedRoute,
  Routing,
  Traffic,
  TrafficCounts,
} from '../../src/ports/traffic.ts';

/** Requests a second of each route. */
const RATE = 20;
/** One request in so many fails. */
const ERROR_EVERY = 1000;
/** Buckets of latency that are used, and from which on: 15 to 40 ms. */
const FIRST_BUCKET = 253;
const BUCKETS = 50;

/**
 * Traffic of many routes that costs next to nothing: what an instance has answered follows from how long it has been routed to,
 * so nothing has to be kept of it.
 */
export class FleetTraffic implements Traffic {
  readonly #clock: Clock;
  readonly #routes = new Map<
    string,
    { readonly routing: Routing; readonly fence: number; readonly since: number }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async observe(route: string): Promise<ObservedRoute | undefined> {
    const found = this.#routes.get(route);
    if (found === undefined) return undefined;
    const arms = found.routing.arms.map((arm) => ({ ...arm, inFlight: 0 }));
    return { routing: found.routing, fence: found.fence, arms };
  }

  async set(routing: Routing, fence: number): Promise<void> {
    this.#routes.set(routing.route, { routing, fence, since: this.#clock.monotonic() });
  }

  async drain(): Promise<number> {
    return 0;
  }

  async watchSlow(): Promise<void> {}

  async counts(route: string): Promise<TrafficCounts> {
    const found = this.#routes.get(route);
    const passed = found === undefined ? 0 : (this.#clock.monotonic() - found.since) / 1000;
    const instances = (found?.routing.arms ?? []).flatMap(({ arm, revision, version, weight, endpoints }) =>
      endpoints.map(({ instance }): InstanceCounts => {
        const requests = Math.floor((passed * RATE * weight) / 10_000 / endpoints.length);
        const errors = Math.floor(requests / ERROR_EVERY);
        const counted = { requests, errors, visitorErrors: errors, failingVisitors: 0 };
        const latency = latencyOf(requests);
        return { arm, revision, version, instance, ...counted, latency, slowVisitors: new Map() };
      }),
    );
    const rollout = found?.routing.rollout ?? '';
    const known = { dropped: 0, watched: [], approximate: false };
    return { route, epoch: 'bench', rollout, at: this.#clock.now(), instances, ...known };
  }
}

function latencyOf(requests: number): Histogram {
  const latency = createHistogram();
  for (let i = 0; i < BUCKETS; i++) latency[FIRST_BUCKET + i] = Math.floor((requests + i) / BUCKETS);
  return latency;
}
