/** What a piece of text is, not how it looks. */
export type Style = 'good' | 'bad' | 'warn' | 'accent' | 'bold' | 'dim' | 'none';

export type Paint = (style: Style, text: string) => string;

const CODES: Record<Exclude<Style, 'none'>, readonly [number, number]> = {
  good: [32, 39],
  bad: [31, 39],
  warn: [33, 39],
  accent: [36, 39],
  bold: [1, 22],
  dim: [2, 22],
};

export const plainPaint: Paint = (_style, text) => text;

export const ansiPaint: Paint = (style, text) => {
  if (style === 'none' || text === '') return text;
  const [on, off] = CODES[style];
  return `\u001B[${on}m${text}\u001B[${off}m`;
};

type Env = Readonly<Record<string, string | undefined>>;

/** FORCE_COLOR beats NO_COLOR (no-color.org), which beats what the terminal can. */
export function paintFor(env: Env, isTerminal: boolean): Paint {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = env;
  if (force !== undefined) return force === '0' || force === 'false' ? plainPaint : ansiPaint;
  if (no !== undefined && no !== '') return plainPaint;
  return isTerminal && term !== 'dumb' ? ansiPaint : plainPaint;
}

/** The signs that a view is drawn with. */
export interface Glyphs {
  readonly done: string;
  readonly active: string;
  readonly paused: string;
  readonly waiting: string;
  readonly warned: string;
  readonly failed: string;
  readonly skipped: string;
  readonly full: string;
  readonly empty: string;
  readonly branch: string;
  readonly last: string;
  readonly trunk: string;
  readonly link: string;
  readonly dot: string;
  readonly more: string;
  /** From nothing to all, for small curves. */
  readonly levels: string;
  /** As in `4.8x`. */
  readonly times: string;
  /** Between the ends of a range. */
  readonly to: string;
}

export const UNICODE: Glyphs = {
  done: '✓',
  active: '▶',
  paused: '‖',
  waiting: '·',
  warned: '!',
  failed: '✗',
  skipped: '-',
  full: '█',
  empty: '░',
  branch: '├',
  last: '└',
  trunk: '│',
  link: '──',
  dot: '·',
  more: '…',
  levels: '▁▂▃▄▅▆▇█',
  times: '×',
  to: '–',
};

export const ASCII: Glyphs = {
  done: '+',
  active: '>',
  paused: '=',
  waiting: '.',
  warned: '!',
  failed: 'x',
  skipped: '-',
  full: '#',
  empty: '.',
  branch: '|',
  last: '`',
  trunk: '|',
  link: '--',
  dot: '-',
  more: '~',
  levels: '_.-=+*#@',
  times: 'x',
  to: '-',
};

/** Signs beyond ASCII, except where the terminal or the locale says that it has none. */
export function glyphsFor(env: Env): Glyphs {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || 'UTF-8';
  const plain = env['TERM'] === 'dumb' || env['TERM'] === 'linux' || !/utf-?8/i.test(locale);
  return plain ? ASCII : UNICODE;
}
