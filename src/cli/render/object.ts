import { padEnd, span, widthOf, type Line } from './text.ts';

/** Any plain data, indented by depth: for answers without a picture of their own. */
export function objectLines(data: unknown, depth = 0): readonly Line[] {
  const entries = Object.entries(data as Readonly<Record<string, unknown>>);
  const widest = Math.max(0, ...entries.filter(([, value]) => isPlain(value)).map(([key]) => widthOf(key)));
  const margin = span('  '.repeat(depth));
  return entries.flatMap(([key, value]): readonly Line[] => {
    const title = Array.isArray(data) ? '-' : key;
    if (!isPlain(value)) return [[margin, span(title, 'bold')], ...objectLines(value, depth + 1)];
    const label = Array.isArray(data) ? '-' : padEnd(title, widest);
    return [[margin, span(`${label}  `, 'dim'), span(textOf(value))]];
  });
}

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

const textOf = (value: unknown): string =>
  value === null || value === undefined ? '-' : typeof value === 'string' ? value : JSON.stringify(value);
