import type { Glyphs, Style } from './style.ts';
import { span, type Span } from './text.ts';

/**
 * A curve on one line: the largest value of each part of the time.
 * @param points oldest first
 * @param top the value that fills a column; below 0 a column is empty
 * @param styleOf how a value is coloured
 */
export function sparkline(
  points: ReadonlyArray<{ readonly at: number; readonly value: number }>,
  width: number,
  top: number,
  styleOf: (value: number) => Style,
  { levels }: Glyphs,
): readonly Span[] {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return [];
  const length = Math.max(1, last.at - first.at);
  const columns = Array.from({ length: Math.min(width, points.length) }, () => -Infinity);
  for (const { at, value } of points) {
    const column = Math.min(columns.length - 1, Math.floor(((at - first.at) / length) * columns.length));
    columns[column] = Math.max(columns[column] ?? -Infinity, value);
  }
  const spans: Span[] = [];
  let held = -Infinity;
  for (const value of columns) {
    held = value === -Infinity ? held : value;
    const part = Math.min(1, Math.max(0, held / top));
    const level = levels.charAt(Math.round(part * (levels.length - 1)));
    const style = styleOf(held);
    const before = spans.at(-1);
    if (before?.style === style) spans[spans.length - 1] = span(before.text + level, style);
    else spans.push(span(level, style));
  }
  return spans;
}
