import type { Duration } from '../core/time.ts';
import type { Timers } from '../ports/system.ts';

/** Something that is done as soon as it is asked for, but then not again before a pause is over, however often it is asked for. */
export class Pauses {
  readonly #timers: Pick<Timers, 'after'>;
  readonly #pause: Duration;
  readonly #act: () => void;
  #pausing = false;
  #asked = false;

  constructor(timers: Pick<Timers, 'after'>, pause: Duration, act: () => void) {
    this.#timers = timers;
    this.#pause = pause;
    this.#act = act;
  }

  ask(): void {
    this.#asked = true;
    if (!this.#pausing) this.#go();
  }

  #go(): void {
    this.#pausing = this.#asked;
    if (!this.#asked) return;
    this.#asked = false;
    this.#act();
    this.#timers.after(this.#pause, () => this.#go());
  }
}
