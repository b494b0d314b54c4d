/** A colour scheme; text on `back` has a contrast of at least 4.5, marks of at least 3 (WCAG 2). */
export interface Palette {
  readonly back: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly alarm: string;
  /** Told apart with the common kinds of colour blindness too; lines differ in their dashes besides. */
  readonly series: readonly string[];
}

export const LIGHT: Palette = {
  back: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#dde3e9',
  alarm: '#c0202c',
  series: ['#0072b2', '#d15a00', '#00805d', '#aa4499', '#8a6d00', '#57606a'],
};

export const DARK: Palette = {
  back: '#161b22',
  ink: '#e6edf3',
  muted: '#9ca5b0',
  grid: '#30363d',
  alarm: '#ff7b72',
  series: ['#58a6e8', '#ff9a4d', '#3ecf9e', '#e38fd0', '#e3c04a', '#b0b8c1'],
};

const DASHES = ['', '7 3', '2 3', '9 3 2 3', '5 5', '1 4'];

/** The class of a series' marks, by its index. */
export const seriesClass = (index: number): string => `s${index % DASHES.length}`;

const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/** The style sheet of a chart: light, and dark where the reader's screen is. */
export function styleSheet(): string {
  const dashes = DASHES.map((dash, i) => (dash === '' ? '' : `.spw .l.s${i}{stroke-dasharray:${dash}}`));
  return [
    `.spw text{font:12px ${FONT};stroke-width:3;stroke-linejoin:round;paint-order:stroke}.spw .t{font-weight:600;font-size:15px}.spw .p{font-weight:600}`,
    '.spw .l{fill:none;stroke-width:2;stroke-linejoin:round}.spw .g{stroke-width:1}.spw .m{stroke-width:1.25}',
    '.spw .h{stroke-width:1.25;stroke-dasharray:4 4}',
    dashes.join(''),
    coloursOf(LIGHT),
    `@media (prefers-color-scheme:dark){${coloursOf(DARK)}}`,
  ].join('\n');
}

function coloursOf({ back, ink, muted, grid, alarm, series }: Palette): string {
  const each = series.map(
    (colour, i) => `.spw .s${i}{stroke:${colour}}.spw .f.s${i}{fill:${colour};stroke:none}`,
  );
  return [
    `.spw .b{fill:${back}}.spw text{fill:${ink};stroke:${back}}.spw .q{fill:${muted}}`,
    `.spw .g{stroke:${grid}}.spw .m{stroke:${ink}}.spw .h{stroke:${alarm}}.spw text.a{fill:${alarm}}`,
    ...each,
  ].join('');
}
