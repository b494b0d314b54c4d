import { utf8 } from './bytes.ts';

/** What can be written as JSON. An absent field and one that is undefined are the same. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * The one JSON text of a value (RFC 8785): no white space, keys sorted by UTF-16 code units, numbers as ECMAScript writes them.
 * @throws TypeError for what JSON has no form for: numbers that are not finite, functions, dates, instances of classes
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) return canonicalObject(value);
  throw new TypeError(`JSON has no form for this ${typeof value}`);
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);

/** The bytes that an audit entry is committed to by. */
export const entryBytes = (entry: Json): Uint8Array => utf8(canonicalJson(entry));

function canonicalObject(fields: { readonly [key: string]: Json | undefined }): string {
  const members = Object.keys(fields)
    .toSorted(byCodeUnits)
    .flatMap((key) => {
      const field = fields[key];
      return field === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(field)}`];
    });
  return `{${members.join(',')}}`;
}

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
