import type { Duration } from '../core/time.ts';
import type { Timers } from '../ports/system.ts';

/** A sleep that can be cut short, also by a call that came just before it began. */
export class WakeUp {
  readonly #timers: Timers;
  #called = false;
  #end: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  wake(): void {
    this.#called = true;
    this.#end?.();
  }

  /** From here on a call counts for the next sleep. */
  rest(): void {
    this.#called = false;
  }

  async sleep(wait: Duration): Promise<void> {
    if (this.#called) return;
    const end = new AbortController();
    this.#end = () => end.abort();
    await this.#timers.sleep(wait, end.signal);
    this.#end = undefined;
  }
}
