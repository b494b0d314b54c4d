import { z } from 'zod';
import { instant } from '../core/time.ts';
import { InvalidInput } from './problem.ts';

/** The input as its schema reads it. @throws InvalidInput naming every field that is wrong */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new InvalidInput(
    result.error.issues.map(({ path, message }) => ({ field: path.join('.') || 'body', message })),
  );
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Of an application or an environment: it becomes part of paths and routes. */
export const name = z
  .string()
  .regex(NAME, 'must be letters, digits, dots, dashes and underscores, at most 63');

/** An id or the end of one. */
export const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be an id: letters, digits and dashes');

/** One line for people; kept for ever in the audit log. */
export const line = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(500, 'must be at most 500 characters')
  .refine((text) => !/\p{Cc}/u.test(text), 'must not contain control characters');

/** Something that Git or a release is called by. */
export const reference = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/, 'must be a branch, a tag, a version or a commit');

/** `2026-11-20T18:57:17Z`, `2026-11-20`, or a number of epoch milliseconds. */
export const moment = z.string().transform((text, context) => {
  const at = /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(at)) return instant(at);
  context.addIssue('must be a time such as 2026-11-20T18:57:17Z');
  return z.NEVER;
});

export const pageSize = (most: number) =>
  z.coerce.number().int().min(1).max(most, `must be at most ${most}`).default(Math.min(50, most));

export const sequence = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
