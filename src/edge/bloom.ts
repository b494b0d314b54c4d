const BITS = 2 ** 26;
const HASHES = 4;

/**
 * A Bloom filter (Bloom 1970) of pairs of numbers in 8 MB: it never forgets a pair, and takes a new one for known with a probability of
 * (1 - e^(-4 n / 2^26))^4, that is 0.07% after 3 million pairs and 4% after 10 million. Its bits are found by double hashing
 * (Kirsch and Mitzenmacher 2006).
 */
export class BloomFilter {
  readonly #bits = new Uint8Array(BITS / 8);

  /**
   * @param value a whole number of up to 53 bits
   * @returns true when the pair is new, or false when it is known or taken for known
   */
  add(value: number, label: number): boolean {
    const first = mix(Math.imul(label + 1, 0x9e3779b1) ^ value);
    const second = mix(first ^ Math.floor(value / 2 ** 32)) | 1;
    let isNew = false;
    for (let i = 0; i < HASHES; i++) {
      const bit = ((first + Math.imul(i, second)) >>> 0) % BITS;
      const held = this.#bits[bit >>> 3] ?? 0;
      const mask = 1 << (bit & 7);
      if ((held & mask) !== 0) continue;
      this.#bits[bit >>> 3] = held | mask;
      isNew = true;
    }
    return isNew;
  }
}

/** MurmurHash3's finalizer (Appleby, public domain). */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
