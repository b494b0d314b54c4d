/** Chance from a seed: the same seed gives the same draws in the same order, on every machine. */
export class Random {
  readonly #seed: number;
  #state: number;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#state = mixed(this.#seed);
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    return mixed(this.#state) / 2 ** 32;
  }

  /** A whole number from 0 up to, but without, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number; both ends may come. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Value>(list: readonly [Value, ...Value[]]): Value {
    return list[this.below(list.length)] ?? list[0];
  }

  /** One of a list that may be empty. */
  any<Value>(list: readonly Value[]): Value | undefined {
    return list[this.below(list.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** A stream of its own, so that what one part of the world draws does not change what the others do. */
  fork(name: string): Random {
    let seed = this.#seed;
    for (const letter of name) seed = mixed((seed ^ (letter.codePointAt(0) ?? 0)) >>> 0);
    return new Random(seed);
  }
}

/** Spreads neighbouring numbers over 32 bits (the finaliser of MurmurHash3). */
function mixed(word: number): number {
  let h = word >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
