import { milliseconds, type Duration } from '../core/time.ts';
import type { Chance } from '../ports/system.ts';

/**
 * The wait before the next try: `first`, doubled for every try before, at most `most`; a random quarter of it is taken
 * off, so that those who failed together do not come back together.
 * @param attempt 1 after the first failure
 */
export function backOff(chance: Chance, attempt: number, first: Duration, most: Duration): Duration {
  const full = Math.min(most, first * 2 ** Math.min(attempt - 1, 30));
  const [byte = 0] = chance.bytes(1);
  return milliseconds(Math.round(full * (1 - (0.25 * byte) / 256)));
}
