/** Where chance comes from: seeded, so that a seed is the same run on every machine. */
export interface Random {
  /** Uniform over all 32-bit unsigned integers. */
  readonly word: () => number;
  /** Uniform in (0, 1), never an end. */
  readonly unit: () => number;
  /** Puts `n` uniform 16-bit numbers into `into`. */
  readonly fill: (into: Uint16Array, n: number) => void;
}

/** 2^32. */
const WORDS = 4_294_967_296;
/** sfc32 mixes its seed well after this many draws. */
const SETTLING = 12;

/**
 * Chris Doty-Humphrey's sfc32 (PractRand), its state filled by splitmix32, so that neighbouring seeds give unrelated streams.
 * @param seed an integer
 */
export function createRandom(seed: number): Random {
  const state = new Uint32Array(4);
  let mixed = seed | 0;
  for (let i = 0; i < 3; i++) {
    mixed = (mixed + 0x9e3779b9) | 0;
    state[i] = splitMix(mixed);
  }
  state[3] = 1;
  const word = () => {
    const a = state[0] as number;
    const b = state[1] as number;
    const c = state[2] as number;
    const counter = state[3] as number;
    const drawn = (a + b + counter) >>> 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + drawn;
    return drawn;
  };
  /** As `word` does, two numbers from each, with the state at hand. */
  const fill = (into: Uint16Array, n: number) => {
    let a = (state[0] as number) | 0;
    let b = (state[1] as number) | 0;
    let c = (state[2] as number) | 0;
    let counter = (state[3] as number) | 0;
    for (let i = 0; i < n; i += 2) {
      const drawn = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + drawn) | 0;
      into[i] = drawn;
      if (i + 1 < n) into[i + 1] = drawn >>> 16;
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = counter;
  };
  for (let i = 0; i < SETTLING; i++) word();
  return { word, fill, unit: () => (word() + 0.5) / WORDS };
}

function splitMix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
