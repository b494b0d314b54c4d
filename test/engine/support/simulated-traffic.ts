import { SpillwayError } from '../../../src/core/errors.ts';
import type { InstanceId } from '../../../src/core/ids.ts';
import { milliseconds } from '../../../src/core/time.ts';
import { createHistogram, recordLatency } from '../../../src/judge/index.ts';
import type { System } from '../../../src/ports/system.ts';
import type {
  InstanceCounts,
  ObservedRoute,
  RoutedArm,
  Routing,
  Traffic,
} from '../../../src/ports/traffic.ts';

/** How requests to one version end. */
export interface Behaviour {
  /** Share of requests that fail. */
  readonly errors: number;
  readonly latencyMs: number;
}

interface Counted extends InstanceCounts {
  exact: { requests: number; errors: number };
}

/**
 * A traffic provider with users: so many requests a second, split by the weights that are set, with an end that the
 * version decides. It keeps the port's contract, fences included.
 */
export class SimulatedTraffic implements Traffic {
  /** Requests a second, over all versions. */
  rate = 200;
  behaviour: (version: string) => Behaviour = () => ({ errors: 0, latencyMs: 20 });
  /** Every `set` that was accepted. */
  readonly accepted: { readonly routing: Routing; readonly fence: number }[] = [];
  readonly refused: number[] = [];
  /** Requests that found no endpoint that still runs. */
  dropped = 0;
  isRunning: (instance: InstanceId) => boolean = () => true;
  /** How long `set` takes, before and again after it has acted. */
  lag = milliseconds(0);
  /** So many of the next calls are answered as if they had been obeyed. */
  ignored = 0;
  /** Thrown by the next calls of `set`, one each. */
  readonly failures: Error[] = [];
  readonly #system: System;
  #epoch = 1;
  #route: { routing: Routing; fence: number } | undefined;
  #counted = new Map<string, Counted>();
  #countedUntil = 0;

  constructor(system: System) {
    this.#system = system;
  }

  async observe(route: string): Promise<ObservedRoute | undefined> {
    if (this.#route?.routing.route !== route) return undefined;
    const arms = this.#route.routing.arms.map((arm) => ({ ...arm, inFlight: 0 }));
    return { ...this.#route, arms };
  }

  async set(routing: Routing, fence: number): Promise<void> {
    if (this.lag > 0) await this.#system.sleep(this.lag);
    this.#set(routing, fence);
    if (this.lag > 0) await this.#system.sleep(this.lag);
  }

  #set(routing: Routing, fence: number): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (fence < (this.#route?.fence ?? 0)) {
      this.refused.push(fence);
      throw new SpillwayError('stale_fence', 'a larger fence was seen');
    }
    const sum = routing.arms.reduce((total, arm) => total + arm.weight, 0);
    const empty = routing.arms.find((arm) => arm.weight > 0 && arm.endpoints.length === 0);
    if (routing.arms.length > 0 && (sum !== 10_000 || empty !== undefined))
      throw new SpillwayError('config_invalid', 'weights do not fit');
    if (this.ignored-- > 0) return;
    this.#serve();
    this.#route = { routing, fence };
    this.accepted.push(this.#route);
  }

  async drain(): Promise<number> {
    return 0;
  }

  async counts(route: string) {
    this.#serve();
    const instances = [...this.#counted.values()].map((counted) => ({
      ...counted,
      latency: counted.latency.slice(),
    }));
    const rollout = this.#route?.routing.rollout ?? '';
    return {
      route,
      epoch: `epoch-${this.#epoch}`,
      rollout,
      at: this.#system.now(),
      instances,
      dropped: this.dropped,
      watched: [],
      approximate: false,
    };
  }

  async watchSlow(): Promise<void> {}

  /** The provider's process is started again: counts begin anew; with `forget` it has lost its routes too. */
  restart({ forget = false } = {}): void {
    this.#epoch++;
    this.#counted.clear();
    if (forget) this.#route = undefined;
  }

  /** The share of a version now, in percent. */
  share(version: string): number {
    const arms = this.#route?.routing.arms.filter((arm) => arm.version === version) ?? [];
    return arms.reduce((sum, arm) => sum + arm.weight, 0) / 100;
  }

  endpoints(version: string): readonly string[] {
    const arms = this.#route?.routing.arms.filter((arm) => arm.version === version) ?? [];
    return arms.flatMap((arm) => arm.endpoints.map(({ instance }) => instance));
  }

  /** Lets the requests happen that have come since the last time. */
  #serve(): void {
    const now = this.#system.now();
    const requests = ((now - (this.#countedUntil || now)) / 1000) * this.rate;
    this.#countedUntil = now;
    for (const arm of this.#route?.routing.arms ?? [])
      for (const { instance } of arm.endpoints)
        this.#count(arm, instance, (requests * arm.weight) / 10_000 / arm.endpoints.length);
  }

  #count(arm: RoutedArm, instance: InstanceId, requests: number): void {
    if (!this.isRunning(instance)) this.dropped += requests;
    const key = `${arm.arm}/${instance}`;
    const { errors, latencyMs } = this.behaviour(arm.version);
    const before = this.#counted.get(key);
    const exact = {
      requests: (before?.exact.requests ?? 0) + requests,
      errors: (before?.exact.errors ?? 0) + requests * errors,
    };
    const latency = before?.latency ?? createHistogram();
    const whole = Math.floor(exact.requests);
    for (let i = before?.requests ?? 0; i < whole; i++)
      recordLatency(latency, latencyMs * (1 + (i % 10) / 10));
    const failed = Math.min(whole, Math.floor(exact.errors));
    const news = failed - (before?.errors ?? 0);
    this.#counted.set(key, {
      arm: arm.arm,
      revision: arm.revision,
      version: arm.version,
      instance,
      requests: whole,
      errors: failed,
      visitorErrors: (before?.visitorErrors ?? 0) + news,
      failingVisitors: 0,
      latency,
      slowVisitors: new Map(),
      exact,
    });
  }
}
