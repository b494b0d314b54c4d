import { z } from 'zod';
import { milliseconds, type Duration } from '../../core/time.ts';
import { splitCommand } from '../words.ts';

// Every message that a schema gives names what was expected, as a phrase ("a duration such as 30s"); `../issues.ts`
// makes the sentence around it.

/** Marks an issue whose message is a whole sentence. */
export const SENTENCE = { sentence: true };

/** The message that marks a part of the vocabulary which this version cannot honour yet. */
export const NOT_BUILT = 'not_built';

/** A key that is known and refused. */
export const notBuilt = () => z.never({ error: NOT_BUILT }).optional();

/** One of `built`; the words of `unbuilt` are known and refused. */
export const choice = <const Built extends readonly [string, ...string[]]>(
  built: Built,
  unbuilt: readonly string[] = [],
) =>
  z.enum(built, {
    error: (issue) =>
      typeof issue.input === 'string' && unbuilt.includes(issue.input)
        ? NOT_BUILT
        : `one of ${built.join(', ')}`,
  });

const UNIT_MS = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  y: 365 * 86_400_000,
} as const;
const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d|y)$/;

/** `30s`, `10m`, `24h`, `7d`, `7y` (365 days), `500ms` in milliseconds; undefined for anything else. */
export function parseDuration(text: string): Duration | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  return count === undefined
    ? undefined
    : milliseconds(Math.round(Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS]));
}

export const A_DURATION = 'a duration such as 30s, 10m, 24h or 7d';

/** A length of time with its unit, and 0. */
export const duration = () =>
  z
    .union([z.literal(0), z.string().regex(DURATION, { error: A_DURATION })], { error: A_DURATION })
    .transform((value) => (value === 0 ? milliseconds(0) : (parseDuration(value) ?? milliseconds(0))));

/** A duration above 0. */
export const timeSpan = () =>
  duration().refine((value) => value > 0, { error: `${A_DURATION}, longer than 0` });

/** 0 to 100. */
export const percentage = () => {
  const error = 'a percentage: a number from 0 to 100';
  return z.number({ error }).min(0, { error }).max(100, { error });
};

/** A percentage above 0. */
export const positivePercentage = () => {
  const error = 'a percentage: a number above 0 and up to 100';
  return z.number({ error }).gt(0, { error }).max(100, { error });
};

export const wholeNumber = (from: number, to: number) => {
  const error = `a whole number from ${from} to ${to}`;
  return z.number({ error }).int({ error }).min(from, { error }).max(to, { error });
};

/** The shape of a name: it becomes part of folders, routes and cookies. */
const NAME = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;

export const name = () => {
  const error = 'a name of small letters, digits, - and _ (at most 63)';
  return z.string({ error }).regex(NAME, { error });
};

export const text = (what: string, max = 1000) =>
  z
    .string({ error: what })
    .min(1, { error: what })
    .max(max, { error: `${what}, at most ${max} characters` });

const A_COMMAND =
  'a command: a list of arguments, or text without shell operators (for a shell: [sh, -c, "..."])';

/** A program with its arguments; text is split at spaces. */
export const command = () =>
  z.union(
    [
      z
        .string()
        .refine((line) => splitCommand(line) !== undefined)
        .transform((line): string[] => splitCommand(line) ?? []),
      z.array(z.string()).min(1),
    ],
    { error: A_COMMAND },
  );

/** A map with exactly these keys. */
export const object = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject(shape);

/** A map from names to values. */
export const byName = <Value extends z.ZodType>(value: Value) => z.record(name(), value);
