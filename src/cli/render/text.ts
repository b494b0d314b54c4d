import { stripVTControlCharacters } from 'node:util';
import type { Paint, Style } from './style.ts';

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}
export type Line = readonly Span[];

/** @param text from anywhere: what could steer a terminal is taken out */
export const span = (text: string, style: Style = 'none'): Span => ({ text: clean(text), style });
export const blank: Line = [];

/** Without control characters, escape sequences and marks that turn the direction of writing. */
export const clean = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/[\n\t]+/g, ' ')
    .replace(/[\p{Cc}\u200B-\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu, '');

const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE4F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;
const ZERO = /\p{Mn}|\p{Me}/u;

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += ZERO.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

const widthOfLine = (line: Line): number => line.reduce((sum, { text }) => sum + widthOf(text), 0);

/** At most `width` columns; what is cut off is marked. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const char of text) {
    if (widthOf(kept + char) > width - 1) break;
    kept += char;
  }
  return width > 0 ? `${kept}…` : '';
}

export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - widthOf(text))) + text;

/** Broken at spaces into lines of at most `width` columns. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of clean(text).split(' ')) {
    const joined = current === '' ? word : `${current} ${word}`;
    if (widthOf(joined) <= width || current === '') current = joined;
    else {
      lines.push(current);
      current = word;
    }
  }
  return [...lines, current].map((line) => fit(line, width));
}

/** `left`, and `right` at the end of the line; where both do not fit, `left` gives way. */
export function sides(left: Line, right: Line, width: number): Line {
  const room = width - widthOfLine(right) - (right.length > 0 ? 2 : 0);
  const kept = clip(left, room);
  if (right.length === 0) return kept;
  return [...kept, span(' '.repeat(Math.max(0, width - widthOfLine(kept) - widthOfLine(right)))), ...right];
}

/** The line cut at `width` columns. */
function clip(line: Line, width: number): Line {
  let room = width;
  const kept: Span[] = [];
  for (const { text, style } of line) {
    if (room <= 0) break;
    const part = fit(text, room);
    kept.push({ text: part, style });
    room -= widthOf(part);
    if (part !== text) break;
  }
  return kept;
}

/** Lines as they are written: nothing longer than `width`, no spaces at their ends. */
export const paintLines = (lines: readonly Line[], width: number, paint: Paint): readonly string[] =>
  lines.map((line) =>
    trimmed(clip(line, width))
      .map(({ text, style }) => paint(style, text))
      .join(''),
  );

function trimmed(line: Line): Line {
  const last = line.at(-1);
  if (last === undefined) return line;
  const text = last.text.trimEnd();
  const rest = line.slice(0, -1);
  return text === '' ? trimmed(rest) : [...rest, { ...last, text }];
}
