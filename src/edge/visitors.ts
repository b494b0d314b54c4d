/** Up to here every failed visitor is remembered exactly. */
const EXACT_VISITORS = 1_000_000;
/** Beyond it, one bit each among this many: at twice the exact number about 6% of the newly failed are taken for known ones. */
const BITS = 2 ** 24;

/** Which visitors of a rollout have met an error, so that each counts once. Visitors are given by their hash. */
export class FailedVisitors {
  readonly #limit: number;
  readonly #exact = new Set<number>();
  #bits: Uint8Array | undefined;

  constructor(limit: number = EXACT_VISITORS) {
    this.#limit = limit;
  }

  /** @returns true when the visitor is new here. */
  add(hash: number): boolean {
    if (this.#exact.has(hash)) return false;
    if (this.#exact.size < this.#limit) {
      this.#exact.add(hash);
      return true;
    }
    this.#bits ??= new Uint8Array(BITS / 8);
    const bit = hash % BITS;
    const held = this.#bits[bit >>> 3] ?? 0;
    const mask = 1 << (bit & 7);
    this.#bits[bit >>> 3] = held | mask;
    return (held & mask) === 0;
  }

  get size(): number {
    return this.#exact.size;
  }

  /** Whether more visitors have failed than are remembered exactly; `add` may then call a new one known. */
  get approximate(): boolean {
    return this.#bits !== undefined;
  }
}
