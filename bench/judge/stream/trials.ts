import type { Random } from './random.ts';

/**
 * Independent trials that succeed with probability p each, drawn by the gaps between successes: exact, at the cost of one logarithm
 * a success however many trials there are. Geometric gaps have no memory, so p may change between any two trials.
 */
export class Trials {
  readonly #random: Random;
  #p: number;
  #logFailure = 0;
  /** Failures still to come before the next success. */
  #failures = 0;

  /** @param p from 0 to 1 */
  constructor(random: Random, p: number) {
    this.#random = random;
    this.#p = Number.NaN;
    this.setProbability(p);
  }

  setProbability(p: number): void {
    if (p === this.#p) return;
    this.#p = p;
    this.#logFailure = Math.log1p(-p);
    this.#failures = this.#gap();
  }

  /**
   * Makes `n` trials.
   * @param places where given, `places[i]` becomes the index of the i-th success among them
   * @returns how many succeeded
   */
  take(n: number, places?: number[]): number {
    let successes = 0;
    let made = 0;
    while (this.#failures < n - made) {
      made += this.#failures + 1;
      if (places !== undefined) places[successes] = made - 1;
      successes++;
      this.#failures = this.#gap();
    }
    this.#failures -= n - made;
    return successes;
  }

  #gap(): number {
    return this.#p === 0 ? Infinity : Math.floor(Math.log(this.#random.unit()) / this.#logFailure);
  }
}
