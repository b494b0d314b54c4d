import type { LinePanel, Marker, Point, Series } from './figure.ts';
import {
  acrossOf,
  axisBelow,
  axisLeft,
  FOOT,
  headOf,
  legendOf,
  upOf,
  type Drawn,
  type Plot,
} from './frame.ts';
import { element, label, pixels, widthOf } from './markup.ts';
import { seriesClass } from './palette.ts';
import { scaleOf } from './scale.ts';

const MARGIN = { left: 64, right: 24 };
const MARKER_ROW = 15;

type Place = (value: number) => number;

/** Lines and steps over a common axis. */
export function drawLines(panel: LinePanel, top: number, width: number): Drawn {
  const { series, markers = [], thresholds = [] } = panel;
  const head = headOf(panel.title, top);
  const names = series.map(({ name }) => name);
  const legend = legendOf(names, 'line', top + head.height, width);
  const begin = top + head.height + legend.height;
  const inner = { left: MARGIN.left, right: width - MARGIN.right };
  const x = scaleOf(panel.x, abscissae(panel), (inner.right - inner.left) / 90, false);
  const rows = rowsOf(markers, acrossOf({ ...inner, top: 0, bottom: 0 }, x), inner.right);
  const levels = Math.max(0, ...rows.map(({ row }) => row + 1));
  const plot = {
    ...inner,
    top: begin + 24 + levels * MARKER_ROW,
    bottom: begin + (panel.height ?? 260) - FOOT,
  };
  const y = scaleOf(panel.y, ordinates(panel), (plot.bottom - plot.top) / 40, true);
  const across = acrossOf(plot, x);
  const up = upOf(plot, y);
  const marks = rows.map((placed) => drawMarker(placed, plot));
  const markup = [
    ...head.markup,
    ...legend.markup,
    ...axisLeft(plot, panel.y, y),
    ...axisBelow(plot, panel.x, x),
    ...marks.map(([line]) => line),
    ...series.flatMap((one, index) => drawSeries(one, index, across, up)),
    ...thresholds.map(({ value }) =>
      element('line', { class: 'h', x1: plot.left, x2: plot.right, y1: up(value), y2: up(value) }),
    ),
    ...thresholds.map(({ value, label: text }) => label(text, plot.right - 4, up(value) - 5, 'a', 'end')),
    ...marks.map(([, text]) => text),
  ];
  return { markup, height: head.height + legend.height + (panel.height ?? 260) };
}

function* abscissae({ series, markers = [] }: LinePanel): Iterable<number> {
  for (const { points } of series) for (const [x] of points) yield x;
  for (const { x } of markers) yield x;
}

function* ordinates({ series, thresholds = [] }: LinePanel): Iterable<number> {
  for (const { points } of series) for (const [, y] of points) if (y !== null) yield y;
  for (const { value } of thresholds) yield value;
}

function drawSeries({ points, shape }: Series, index: number, across: Place, up: Place): string[] {
  const path = runsOf(points)
    .map((run) => pathOf(thin(run, across, up), shape === 'step'))
    .join('');
  return path === '' ? [] : [element('path', { class: `l ${seriesClass(index)}`, d: path })];
}

type Known = readonly [x: number, y: number];

/** The pieces between the gaps. */
function runsOf(points: readonly Point[]): Known[][] {
  const runs: Known[][] = [[]];
  for (const [x, y] of points) {
    if (y === null || !Number.isFinite(y)) runs.push([]);
    else runs.at(-1)?.push([x, y]);
  }
  return runs.filter((run) => run.length > 0);
}

/** In pixels, and of each column only what can be seen: its first, lowest, highest and last point. */
function thin(run: readonly Known[], across: Place, up: Place): Known[] {
  const kept: Known[] = [];
  let column: Known[] = [];
  const flush = () => {
    if (column.length <= 4) return kept.push(...column);
    const extremes = [0, indexOf(column, Math.min), indexOf(column, Math.max), column.length - 1];
    const seen = [...new Set(extremes)].sort((a, b) => a - b);
    return kept.push(...seen.flatMap((i) => column.slice(i, i + 1)));
  };
  for (const [x, y] of run) {
    const point: Known = [across(x), up(y)];
    const [before] = column;
    if (before !== undefined && Math.floor(before[0]) !== Math.floor(point[0])) {
      flush();
      column = [];
    }
    column.push(point);
  }
  flush();
  return kept;
}

function indexOf(column: readonly Known[], extreme: (...values: number[]) => number): number {
  let found = 0;
  for (const [i, [, y]] of column.entries()) {
    const best = column[found]?.[1] ?? y;
    if (extreme(best, y) === y && y !== best) found = i;
  }
  return found;
}

function pathOf(run: readonly Known[], steps: boolean): string {
  const [first, ...rest] = run;
  if (first === undefined) return '';
  const [x, y] = first.map(pixels);
  let last = y;
  const parts = rest.map(([nextX, nextY]) => {
    const [toX, toY] = [pixels(nextX), pixels(nextY)];
    const level = last === toY;
    last = toY;
    if (level) return `H${toX}`;
    return steps ? `H${toX}V${toY}` : `L${toX} ${toY}`;
  });
  // A lone point is seen as a dot of the line's width.
  return `M${x} ${y}${rest.length === 0 ? 'h2' : parts.join('')}`;
}

interface PlacedMarker {
  readonly marker: Marker;
  readonly at: number;
  readonly row: number;
  readonly leftwards: boolean;
}

/**
 * Labels stand to the right of their lines, in rows: one that reaches over the lines of others stands above theirs. Those without
 * room on the right stand to the left, above what they reach over there.
 */
function rowsOf(markers: readonly Marker[], across: Place, right: number): PlacedMarker[] {
  const places = markers
    .map((marker) => {
      const at = across(marker.x);
      const width = widthOf(marker.label) + 8;
      const leftwards = at + width > right;
      return { marker, at, leftwards, from: leftwards ? at - width : at, to: leftwards ? at : at + width };
    })
    .sort((a, b) => a.at - b.at);
  const placed: (PlacedMarker & { readonly from: number; readonly to: number })[] = [];
  const order = [
    ...places.filter(({ leftwards }) => !leftwards).reverse(),
    ...places.filter(({ leftwards }) => leftwards),
  ];
  for (const place of order) {
    const below = placed.filter(({ from, to }) => from < place.to && to > place.from);
    placed.push({ ...place, row: Math.max(-1, ...below.map(({ row }) => row)) + 1 });
  }
  return placed;
}

function drawMarker({ marker, at, row, leftwards }: PlacedMarker, plot: Plot): [line: string, text: string] {
  const style = marker.series === undefined ? '' : ` ${seriesClass(marker.series)}`;
  const y = plot.top - 6 - row * MARKER_ROW;
  const line = element('line', { class: `m${style}`, x1: at, x2: at, y1: y - 8, y2: plot.bottom });
  return [line, label(marker.label, leftwards ? at - 4 : at + 4, y, '', leftwards ? 'end' : 'start')];
}
