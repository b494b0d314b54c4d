/**
 * Draws a terminal's picture as SVG: `tmux capture-pane -pe | node scripts/ansi-to-svg.ts TITLE >picture.svg`. It knows the colours and
 * the weights that Spillway prints with, and nothing else of a terminal.
 */
import { text } from 'node:stream/consumers';
import { widthOf } from '../src/cli/render/text.ts';

const COLUMN = 8.4;
const ROW = 18;
const MARGIN = 16;
const BAR = 34;
const COLOURS: Readonly<Record<string, string>> = {
  '31': '#f47067',
  '32': '#57ab5a',
  '33': '#daaa3f',
  '36': '#39c5cf',
};
const INK = '#d5dce4';
const PAPER = '#1c2128';
const STYLE_SEQUENCE = new RegExp(`${String.fromCodePoint(0x1b)}\\[([\\d;]*)m`, 'g');

interface Look {
  readonly fill: string;
  readonly bold: boolean;
  readonly dim: boolean;
}
const PLAIN: Look = { fill: INK, bold: false, dim: false };

function apply(look: Look, code: string): Look {
  const colour = COLOURS[code];
  if (colour !== undefined) return { ...look, fill: colour };
  switch (code) {
    case '':
    case '0':
      return PLAIN;
    case '1':
      return { ...look, bold: true };
    case '2':
      return { ...look, dim: true };
    case '22':
      return { ...look, bold: false, dim: false };
    case '39':
      return { ...look, fill: INK };
    default:
      return look;
  }
}

const escaped = (part: string) =>
  part.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Looks hold until they are changed, over the ends of lines too. */
let look = PLAIN;

/** One line of the terminal, each run of equal looks placed by its column so that no font can shift it. */
function drawLine(line: string, row: number): string {
  let column = 0;
  const y = BAR + MARGIN + (row + 0.75) * ROW;
  const parts = line.split(STYLE_SEQUENCE);
  return parts
    .map((part, index) => {
      if (index % 2 === 1) {
        look = part.split(';').reduce(apply, look);
        return '';
      }
      const drawn = drawRun(part, look, column, y);
      column += widthOf(part);
      return drawn;
    })
    .join('');
}

function drawRun(part: string, { fill, bold, dim }: Look, column: number, y: number): string {
  const content = part.trimStart();
  if (content.trimEnd() === '') return '';
  const x = (MARGIN + (column + part.length - content.length) * COLUMN).toFixed(1);
  const length = (widthOf(content.trimEnd()) * COLUMN).toFixed(1);
  const style = `${bold ? ' font-weight="bold"' : ''}${dim ? ' opacity="0.6"' : ''}`;
  return `<text x="${x}" y="${y.toFixed(1)}" textLength="${length}" lengthAdjust="spacingAndGlyphs" fill="${fill}"${style}>${escaped(content.trimEnd())}</text>\n`;
}

const title = process.argv[2] ?? '';
const lines = (await text(process.stdin)).replace(/^\n+/, '').trimEnd().split('\n');
const columns = Math.max(...lines.map((line) => widthOf(line.replaceAll(STYLE_SEQUENCE, ''))));
const width = Math.ceil(2 * MARGIN + columns * COLUMN);
const height = Math.ceil(BAR + 2 * MARGIN + lines.length * ROW);
const lights = ['#f47067', '#daaa3f', '#57ab5a'].map(
  (fill, index) => `<circle cx="${22 + 20 * index}" cy="17" r="6" fill="${fill}"/>`,
);
process.stdout
  .write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="10" fill="${PAPER}"/>
${lights.join('')}<text x="${width / 2}" y="22" text-anchor="middle" fill="${INK}" opacity="0.7" font-family="sans-serif" font-size="13">${escaped(title)}</text>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" xml:space="preserve">
${lines.map(drawLine).join('')}</g>
</svg>
`);
