import type { z } from 'zod';
import type { Received } from '../ports/trigger.ts';

type Refused = Extract<Received, { readonly ok: false }>;
export type Read<Value> = { readonly ok: true; readonly value: Value } | Refused;

/** A request that is not believed, and the field that it is about. */
export const refuse = (status: Refused['status'], field: string, reason: string): Refused => ({
  ok: false,
  status,
  field,
  reason,
});

/** @returns the body as text; undefined when it is not UTF-8 */
export function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

/** Parses JSON and takes from it what the schema names. */
export function readJson<Schema extends z.ZodType>(
  text: string | undefined,
  schema: Schema,
): Read<z.output<Schema>> {
  if (text === undefined) return refuse(400, 'body', 'is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse(400, 'body', 'is not JSON');
  }
  const parsed = schema.safeParse(value, { error: expectation });
  if (parsed.success) return { ok: true, value: parsed.data };
  const [first] = parsed.error.issues;
  const unknown = first?.code === 'unrecognized_keys' ? first.keys[0] : undefined;
  return refuse(
    400,
    [...(first?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.') || 'body',
    unknown === undefined ? (first?.message ?? 'is not valid') : 'is not a field of this request',
  );
}

function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  return issue.input === undefined ? 'is missing' : `must be ${KINDS[issue.expected] ?? issue.expected}`;
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  object: 'an object',
  number: 'a number',
  array: 'a list',
};

/** The media type of a request without its parameters, in small letters. */
export const mediaType = (headers: Readonly<Record<string, string | undefined>>): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
