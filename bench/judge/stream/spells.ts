import type { Random } from './random.ts';
import type { Spell } from './scenario.ts';
import { Trials } from './trials.ts';

/** Times in which instances are not as usual, each by itself; at the start as many are on as at any other time, on average. */
export class Spells {
  readonly #begins: Trials;
  readonly #ends: Trials;
  readonly #lastsSeconds: number | undefined;
  /** Of each instance, seconds of its spell that are left, the present one included; 0 where there is none. */
  readonly left: Float64Array;

  constructor(random: Random, { everySeconds, lastsSeconds, varied }: Spell, instances: number) {
    this.#begins = new Trials(random, 1 / everySeconds);
    this.#ends = new Trials(random, 1 / lastsSeconds);
    this.#lastsSeconds = varied ? undefined : lastsSeconds;
    const usual = lastsSeconds / (everySeconds + lastsSeconds);
    const remaining = () => this.#duration() * (varied ? 1 : random.unit());
    this.left = Float64Array.from({ length: instances }, () =>
      random.unit() < usual ? Math.ceil(remaining()) : 0,
    );
  }

  /** Goes on to the next second. */
  advance(): void {
    const { left } = this;
    for (let j = 0; j < left.length; j++) {
      if (left[j] === 0 && this.#begins.take(1) === 1) left[j] = this.#duration();
      else if (left[j] !== 0) left[j] = (left[j] as number) - 1;
    }
  }

  #duration(): number {
    if (this.#lastsSeconds !== undefined) return this.#lastsSeconds;
    let seconds = 1;
    while (this.#ends.take(1) === 0) seconds++;
    return seconds;
  }
}
