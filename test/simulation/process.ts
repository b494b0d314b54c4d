import { instant, type Duration, type Instant } from '../../src/core/time.ts';
import type { System } from '../../src/ports/system.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';

/** Where the wall clock of the simulated machine stands when time begins. */
const EPOCH = Date.UTC(2026, 10, 20, 12);

/** The machine that processes run on: its wall clock may be set, its monotonic one only grows. */
export class Host {
  readonly schedule: Schedule;
  readonly #random: Random;
  readonly #number: number;
  #offset: number;
  #ids = 0;

  /** @param one `number` tells its ids from those of other machines; its clock is `ahead` by so many milliseconds */
  constructor(schedule: Schedule, random: Random, one = { number: 0, ahead: 0 }) {
    this.schedule = schedule;
    this.#random = random;
    this.#number = one.number;
    this.#offset = one.ahead;
  }

  /** The time of day, as this machine believes it to be. */
  wall(): Instant {
    return instant(EPOCH + this.schedule.now + this.#offset);
  }

  /** Somebody, or a time server, sets the clock. */
  setClock(by: number): void {
    this.#offset += by;
  }

  /** An id that was never given before. */
  id(): string {
    this.#ids += 1;
    const made = this.#ids.toString(16).padStart(12, '0');
    const tail = this.#random
      .below(2 ** 32)
      .toString(16)
      .padStart(12, '0');
    return `${made.slice(0, 8)}-${made.slice(8)}-7000-8${this.#number.toString(16).padStart(3, '0')}-${tail}`;
  }

  bytes(length: number): Uint8Array {
    return this.#random.bytes(length);
  }
}

/** One run of the program. Once it is killed nothing of it goes on: its timers do not ring, its calls are never answered. */
export class SimProcess implements System {
  readonly name: string;
  readonly #host: Host;
  readonly #born: number;
  #alive = true;

  constructor(name: string, host: Host) {
    this.name = name;
    this.#host = host;
    this.#born = host.schedule.now;
  }

  get alive(): boolean {
    return this.#alive;
  }

  kill(): void {
    this.#alive = false;
  }

  now(): Instant {
    return this.#host.wall();
  }

  monotonic(): number {
    return this.#host.schedule.now - this.#born;
  }

  after(wait: Duration, action: () => void): () => void {
    return this.#host.schedule.after(wait, () => {
      if (this.#alive) action();
    });
  }

  sleep(wait: Duration, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const callOff = this.after(wait, resolve);
    signal?.addEventListener('abort', () => {
      callOff();
      resolve();
    });
    return promise;
  }

  bytes(length: number): Uint8Array {
    return this.#host.bytes(length);
  }

  id(): string {
    return this.#host.id();
  }
}
