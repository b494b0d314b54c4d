import type { z } from 'zod';
import { SpillwayError } from '../core/errors.ts';

/**
 * An adapter's own reading of settings that a plan has kept.
 * @param where whose settings they are, such as `target.process`
 * @throws SpillwayError `config_invalid` naming the first part that does not fit
 */
export function readSettings<Schema extends z.ZodType>(
  schema: Schema,
  settings: unknown,
  where: string,
): z.output<Schema> {
  const read = schema.safeParse(settings);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new SpillwayError('config_invalid', issue?.message ?? 'the settings do not fit', {
    where: [where, ...(issue?.path ?? [])].join('.'),
    hint: 'Correct it in spillway.yaml; `spillway validate` shows its line.',
    cause: read.error,
  });
}
