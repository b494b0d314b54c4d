import type { Axis } from './figure.ts';
import { element, label, widthOf } from './markup.ts';
import { seriesClass } from './palette.ts';
import type { Scale } from './scale.ts';

/** Where the marks of a panel lie, in pixels. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A panel as markup, and the height that it takes. */
export interface Drawn {
  readonly markup: readonly string[];
  readonly height: number;
}

const LINE = 18;
/** Room below a plot for the ticks and the name of its axis. */
export const FOOT = 42;

export const acrossOf = (plot: Plot, scale: Scale) => (value: number) =>
  plot.left + scale.at(value) * (plot.right - plot.left);
export const upOf = (plot: Plot, scale: Scale) => (value: number) =>
  plot.bottom - scale.at(value) * (plot.bottom - plot.top);

/** Grid lines across, with their values below, and the name of the axis. */
export function axisBelow(plot: Plot, axis: Axis, scale: Scale): string[] {
  const across = acrossOf(plot, scale);
  return [
    ...scale.ticks.flatMap(({ value, text }) => [
      element('line', { class: 'g', x1: across(value), x2: across(value), y1: plot.top, y2: plot.bottom }),
      label(text, across(value), plot.bottom + 16, 'q', 'middle'),
    ]),
    label(axis.label, (plot.left + plot.right) / 2, plot.bottom + 34, 'q', 'middle'),
  ];
}

/** Grid lines up the left side with their values; the axis is named above them. */
export function axisLeft(plot: Plot, axis: Axis, scale: Scale): string[] {
  const up = upOf(plot, scale);
  return [
    ...scale.ticks.flatMap(({ value, text }) => [
      element('line', { class: 'g', x1: plot.left, x2: plot.right, y1: up(value), y2: up(value) }),
      label(text, plot.left - 6, up(value) + 4, 'q', 'end'),
    ]),
    label(axis.label, 12, plot.top - 10, 'q'),
  ];
}

/** The panel's own title. */
export const headOf = (title: string | undefined, top: number): Drawn =>
  title === undefined
    ? { markup: [], height: 0 }
    : { markup: [label(title, 12, top + 13, 'p')], height: LINE };

/** The names of the series, each behind a sample of its marks, in as many rows as they need; none for one series. */
export function legendOf(names: readonly string[], kind: 'line' | 'bar', top: number, width: number): Drawn {
  if (names.length < 2) return { markup: [], height: 0 };
  const markup: string[] = [];
  let x = 12;
  let y = top;
  for (const [index, name] of names.entries()) {
    const taken = 30 + widthOf(name) + 18;
    if (x > 12 && x + taken > width) {
      x = 12;
      y += LINE;
    }
    markup.push(sample(kind, seriesClass(index), x, y + 9), label(name, x + 30, y + 13, ''));
    x += taken;
  }
  return { markup, height: y - top + LINE + 2 };
}

const sample = (kind: 'line' | 'bar', style: string, x: number, y: number): string =>
  kind === 'line'
    ? element('line', { class: `l ${style}`, x1: x, x2: x + 24, y1: y, y2: y })
    : element('rect', { class: `f ${style}`, x: x + 6, y: y - 6, width: 12, height: 12 });
