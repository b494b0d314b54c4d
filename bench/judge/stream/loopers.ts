import type { ArmStream } from './arm.ts';
import { poisson, type CountSource } from './poisson.ts';
import type { Random } from './random.ts';
import type { Loopers } from './scenario.ts';

/** What is counted of a client that fails or is slow again and again: each request, or the client once. */
export type Counting = 'request' | 'client';

/** The looping clients of one arm. */
export class LoopingClients {
  readonly #random: Random;
  readonly #arrivals: CountSource;
  readonly #failed: boolean[];
  /** By client, the buckets for which it was counted as slow. */
  readonly #slow: Array<Set<number>>;
  failedClients = 0;

  constructor(random: Random, { count, requestsPerSecond }: Loopers, clients: number) {
    this.#random = random;
    this.#arrivals = poisson(random, (requestsPerSecond / count) * clients);
    this.#failed = Array.from({ length: clients }, () => false);
    this.#slow = this.#failed.map(() => new Set());
  }

  /**
   * Draws what they do in one second, and adds it to what the arm's other clients did.
   * @param slowClients by bucket, see `ArmTick`
   */
  addTo(arm: ArmStream, slowClients: Map<number, number>, counting: Counting): void {
    const requests = this.#arrivals();
    for (let i = 0; i < requests; i++) {
      const client = Math.floor(this.#random.unit() * this.#failed.length);
      const first = this.#failed[client] === false;
      if (first) this.failedClients++;
      this.#failed[client] = true;
      const instance = Math.floor(this.#random.unit() * arm.requests.length);
      arm.add(instance, first || counting === 'request' ? 1 : 0);
      const bucket = arm.latencies.drawOne();
      if (counting === 'request') arm.latencies.countSlow(instance, bucket);
      else
        this.#countSlow(client, bucket, slowClients, (from) => arm.latencies.countSlowFrom(instance, from));
    }
  }

  #countSlow(
    client: number,
    bucket: number,
    slowClients: Map<number, number>,
    tell: (from: number) => void,
  ): void {
    for (const [from, others] of slowClients) {
      if (bucket < from || this.#slow[client]?.has(from)) continue;
      this.#slow[client]?.add(from);
      slowClients.set(from, others + 1);
      tell(from);
    }
  }
}
