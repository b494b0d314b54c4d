import type { Chance } from '../../src/ports/system.ts';

/** Chance that two stores can share: the same seed gives the same ids and bytes in the same order. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  let made = 0;
  // xorshift32 over a counter: spread is all that is asked of it.
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state;
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return word >>> 0;
  };
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    id: () => {
      made += 1;
      const time = made.toString(16).padStart(12, '0');
      const tail = `${next().toString(16).padStart(8, '0')}${seed.toString(16).padStart(4, '0')}`.slice(-12);
      return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
    },
  };
}
