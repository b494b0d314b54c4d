import { routeOf } from '../../src/core/ids.ts';
import { milliseconds } from '../../src/core/time.ts';
import type { System } from '../../src/ports/system.ts';
import type { Target } from '../../src/ports/target.ts';

/** Takes down when each lane is looked at. */
export class Punctuality {
  readonly target: Target;
  readonly #system: System;
  /** By the monotonic clock. */
  readonly #lastLook = new Map<string, number>();
  #looks = 0;
  #longest = 0;

  constructor(system: System, target: Target) {
    this.#system = system;
    this.target = {
      ...target,
      observe: (lane) => {
        this.#note(routeOf(lane));
        return target.observe(lane);
      },
    };
  }

  /** From now on. */
  begin(): void {
    this.#looks = 0;
    this.#longest = 0;
  }

  get looks(): number {
    return this.#looks;
  }

  /** Milliseconds between two looks at one lane, those that are still to come included. */
  longestWait(): number {
    const now = this.#system.monotonic();
    return Math.max(this.#longest, ...[...this.#lastLook.values()].map((at) => now - at));
  }

  /** Resolves when so many lanes were looked at. */
  async seen(lanes: number): Promise<void> {
    while (this.#lastLook.size < lanes) await this.#system.sleep(milliseconds(100));
  }

  #note(route: string): void {
    const now = this.#system.monotonic();
    this.#longest = Math.max(this.#longest, now - (this.#lastLook.get(route) ?? now));
    this.#lastLook.set(route, now);
    this.#looks++;
  }
}
