import { parseDuration } from '../config/vocabulary/values.ts';
import { SpillwayError } from '../core/errors.ts';

/** An option's value as a length of time, ms. @throws SpillwayError `config_invalid` */
export function lengthOf(text: string, flag: string): number {
  const length = parseDuration(text);
  if (length !== undefined && length > 0) return length;
  throw new SpillwayError('config_invalid', `${flag} is a length of time, not "${text}"`, {
    where: flag,
    hint: `Write ${flag} 30m.`,
  });
}
