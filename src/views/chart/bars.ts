import type { BarGroup, BarPanel } from './figure.ts';
import { acrossOf, axisBelow, FOOT, headOf, legendOf, type Drawn, type Plot } from './frame.ts';
import { element, label, widthOf } from './markup.ts';
import { seriesClass } from './palette.ts';
import { scaleOf, type Scale } from './scale.ts';

const BAR = 15;
const GAP = 12;

/** Bars that begin at the left end of the axis. */
export function drawBars(panel: BarPanel, top: number, width: number): Drawn {
  const { series, groups, thresholds = [] } = panel;
  const head = headOf(panel.title, top);
  const legend = legendOf(series, 'bar', top + head.height, width);
  const begin = top + head.height + legend.height + (thresholds.length > 0 ? 20 : 6);
  const left = 24 + Math.max(0, ...groups.map((group) => widthOf(group.label)));
  const values = [...valuesOf(panel)];
  const high = groups.reduce((sum, { bars }) => sum + bars.length * BAR + GAP, 0);
  const rough = scaleOf(panel.x, values, 6, true);
  const longest = Math.max(
    0,
    ...groups.flatMap(({ bars }) => bars.map((bar) => widthOf(textOf(bar, rough)))),
  );
  const plot = { left, right: width - longest - 18, top: begin, bottom: begin + high };
  const x = scaleOf(panel.x, values, Math.max(2, (plot.right - plot.left) / 80), true);
  const across = acrossOf(plot, x);
  let y = begin;
  const drawn = groups.map((group) => {
    const marks = drawGroup(group, plot, y, x);
    y += group.bars.length * BAR + GAP;
    return marks;
  });
  const limits = thresholds.flatMap(({ value, label: text }) => [
    element('line', { class: 'h', x1: across(value), x2: across(value), y1: plot.top, y2: plot.bottom }),
    label(text, across(value), plot.top - 6, 'a', 'middle'),
  ]);
  const rects = drawn.flatMap((group) => group.rects);
  const texts = drawn.flatMap((group) => group.texts);
  return {
    markup: [...head.markup, ...legend.markup, ...axisBelow(plot, panel.x, x), ...rects, ...limits, ...texts],
    height: plot.bottom + FOOT - top,
  };
}

function* valuesOf({ groups, thresholds = [] }: BarPanel): Iterable<number> {
  for (const { bars } of groups) for (const { value } of bars) if (value !== null) yield value;
  for (const { value } of thresholds) yield value;
}

const textOf = ({ value, text }: BarGroup['bars'][number], scale: Scale): string =>
  text ?? (value === null ? 'none' : scale.write(value));

function drawGroup(group: BarGroup, plot: Plot, top: number, scale: Scale) {
  const across = acrossOf(plot, scale);
  const middle = top + (GAP + group.bars.length * BAR) / 2;
  const placed = group.bars.map((bar, index) => ({
    bar,
    y: top + GAP / 2 + index * BAR,
    end: bar.value === null ? plot.left : across(bar.value),
  }));
  return {
    rects: placed.map(({ y, end }, index) => {
      const size = { width: end - plot.left, height: BAR - 2 };
      return element('rect', { class: `f ${seriesClass(index)}`, x: plot.left, y: y + 1, ...size });
    }),
    texts: [
      label(group.label, plot.left - 8, middle + 4, '', 'end'),
      ...placed.map(({ bar, y, end }) => label(textOf(bar, scale), end + 5, y + BAR - 3.5, 'q')),
    ],
  };
}
