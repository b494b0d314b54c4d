import { padEnd, padStart, span, clean, widthOf, type Line, type Span } from './text.ts';
import type { Style } from './style.ts';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly style?: (row: Row) => Style;
  readonly align?: 'right';
}

const GAP = '  ';

/** Columns as wide as their widest cell; a line too long for the terminal is cut at its end. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly Line[] {
  const cells = rows.map((row) => columns.map(({ cell }) => clean(cell(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[index] ?? ''))),
  );
  const lineOf = (texts: readonly string[], styleAt: (index: number) => Style): Line =>
    columns.flatMap(({ align }, index): readonly Span[] => {
      const text = texts[index] ?? '';
      const padded = (align === 'right' ? padStart : padEnd)(text, widths[index] ?? 0);
      return index === 0 ? [span(padded, styleAt(index))] : [span(GAP), span(padded, styleAt(index))];
    });
  const head = lineOf(
    columns.map(({ title }) => title.toUpperCase()),
    () => 'dim',
  );
  const body = rows.map((row, at) =>
    lineOf(cells[at] ?? [], (index) => columns[index]?.style?.(row) ?? 'none'),
  );
  return [head, ...body];
}
