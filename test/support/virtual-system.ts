import { instant, milliseconds, type Duration, type Instant } from '../../src/core/time.ts';
import type { System } from '../../src/ports/system.ts';
import { seededChance } from './chance.ts';

interface Timer {
  readonly at: number;
  readonly action: () => void;
}

/** A clock that stands still until a test moves it; timers ring on the way, in order. */
export class VirtualSystem implements System {
  /** Whether something outside this clock (a disk) is still at work; time does not go on before it has ended. */
  busy: () => boolean = () => false;
  readonly #chance = seededChance(7);
  readonly #timers = new Set<Timer>();
  #now: number;

  constructor(start = Date.UTC(2026, 10, 20, 12)) {
    this.#now = start;
  }

  now(): Instant {
    return instant(this.#now);
  }

  monotonic(): number {
    return this.#now;
  }

  after(wait: Duration, action: () => void): () => void {
    const timer = { at: this.#now + wait, action };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(wait: Duration, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.after(wait, resolve);
    const stop = () => {
      callOff();
      resolve();
    };
    signal?.addEventListener('abort', stop);
    return promise.finally(() => signal?.removeEventListener('abort', stop));
  }

  bytes(length: number): Uint8Array {
    return this.#chance.bytes(length);
  }

  id(): string {
    return this.#chance.id();
  }

  /** Lets everything happen that can happen without time passing. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.busy()) turn = 0;
    }
  }

  async advance(length: Duration): Promise<void> {
    const end = this.#now + length;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.at);
      this.#timers.delete(next);
      next.action();
      await this.settle();
    }
    this.#now = end;
  }

  /** Moves on, second by second, until the condition holds. @returns how long it took. @throws when it does not within `limit` */
  async until(holds: () => boolean | Promise<boolean>, limit: Duration): Promise<Duration> {
    const began = this.#now;
    await this.settle();
    while (!(await holds())) {
      if (this.#now - began >= limit) throw new Error(`not within ${limit} ms`);
      await this.advance(milliseconds(500));
    }
    return milliseconds(this.#now - began);
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }
}
