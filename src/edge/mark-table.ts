const FIRST_CAPACITY = 64;
/** No hash is negative. */
const EMPTY = -1;

/** Hashes of up to 53 bits and the marks of each: an open-addressed table that is at most half full, 12 bytes a place. */
export class MarkTable {
  #keys = new Float64Array(FIRST_CAPACITY).fill(EMPTY);
  #marks = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  /** @returns undefined for a hash that is not there */
  marksOf(hash: number): number | undefined {
    const place = this.#placeOf(hash);
    return this.#keys[place] === EMPTY ? undefined : this.#marks[place];
  }

  set(hash: number, marks: number): void {
    let place = this.#placeOf(hash);
    if (this.#keys[place] === EMPTY && ++this.#size * 2 > this.#keys.length) {
      this.#grow();
      place = this.#placeOf(hash);
    }
    this.#keys[place] = hash;
    this.#marks[place] = marks;
  }

  /** Takes marks away from every hash. */
  clear(marks: number): void {
    for (let place = 0; place < this.#marks.length; place++)
      this.#marks[place] = (this.#marks[place] ?? 0) & ~marks;
  }

  /** Where the hash is, or would be. */
  #placeOf(hash: number): number {
    const keys = this.#keys;
    const last = keys.length - 1;
    let place = (hash >>> 0) & last;
    while (keys[place] !== EMPTY && keys[place] !== hash) place = (place + 1) & last;
    return place;
  }

  #grow(): void {
    const keys = this.#keys;
    const marks = this.#marks;
    this.#keys = new Float64Array(keys.length * 2).fill(EMPTY);
    this.#marks = new Uint32Array(keys.length * 2);
    for (let i = 0; i < keys.length; i++) {
      const hash = keys[i] ?? EMPTY;
      if (hash === EMPTY) continue;
      const place = this.#placeOf(hash);
      this.#keys[place] = hash;
      this.#marks[place] = marks[i] ?? 0;
    }
  }
}
