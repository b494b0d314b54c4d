import type { Output } from '../io.ts';

/** Paints a picture again and again in one place. */
export interface Screen {
  paint(lines: readonly string[]): void;
  /** Leaves the last picture where it is, and the cursor below it. */
  close(): void;
}

const BEGIN = '\u001B[?2026h\u001B[?25l';
const END = '\u001B[?2026l';
const SHOW_CURSOR = '\u001B[?25h';
const CLEAR_REST_OF_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/**
 * Each picture is one write, line over line without clearing first, so that nothing flickers; terminals that know
 * synchronised updates show it at once. Taller than the terminal, only its end is shown: what is above cannot be painted over.
 */
export function createScreen(output: Output): Screen {
  let height = 0;
  return {
    paint(lines) {
      const most = Math.max(1, (output.rows || 24) - 1);
      const shown = lines.length > most ? lines.slice(-most) : lines;
      const up = height > 0 ? `\u001B[${height}A\r` : '';
      const body = shown.map((line) => `${line}${CLEAR_REST_OF_LINE}\n`).join('');
      output.write(`${BEGIN}${up}${body}${CLEAR_BELOW}${END}`);
      height = shown.length;
    },
    close: () => void output.write(SHOW_CURSOR),
  };
}
