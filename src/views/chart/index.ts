import { drawBars } from './bars.ts';
import type { Figure } from './figure.ts';
import { drawLines } from './lines.ts';
import { element, escapeText, label, widthOf } from './markup.ts';
import { styleSheet } from './palette.ts';

export type { Bar, Figure, LinePanel, Panel, Point, Series } from './figure.ts';

/**
 * A figure as an SVG document of its own: light or dark as the reader's screen is, with its title and description for those
 * who hear it. The same figure gives the same bytes; every text is escaped.
 */
export function drawFigure({ title, description, width = 760, panels }: Figure): string {
  const body: string[] = [];
  let top = 38;
  for (const panel of panels) {
    const drawn = panel.kind === 'lines' ? drawLines(panel, top, width) : drawBars(panel, top, width);
    body.push(...drawn.markup);
    top += drawn.height + 10;
  }
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    class: 'spw',
    viewBox: `0 0 ${width} ${Math.ceil(top)}`,
    width,
    height: Math.ceil(top),
    role: 'img',
    'aria-label': title,
  };
  const parts = [
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(description)),
    element('style', {}, styleSheet()),
    element('rect', { class: 'b', width, height: Math.ceil(top), rx: 6 }),
    label(cut(title, width - 24), 12, 24, 't'),
    ...body,
  ];
  return `${element('svg', root, `\n${parts.join('\n')}\n`)}\n`;
}

/** A title's letters are larger than a label's. */
const LARGER = 1.3;

/** As much of a title as has room. */
function cut(title: string, room: number): string {
  if (LARGER * widthOf(title) <= room) return title;
  const kept = Math.floor(title.length * (room / (LARGER * widthOf(title)))) - 1;
  return `${title.slice(0, kept)}…`;
}
