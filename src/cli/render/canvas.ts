import type { Mark } from '../../views/stages.ts';
import type { Glyphs, Style } from './style.ts';
import { span } from './text.ts';

/** How large the picture may be, and with what signs. */
export interface Canvas {
  readonly width: number;
  readonly glyphs: Glyphs;
}

export const MARK_STYLES: Record<Mark, Style> = {
  done: 'good',
  active: 'accent',
  paused: 'warn',
  waiting: 'dim',
  warned: 'warn',
  failed: 'bad',
  skipped: 'dim',
};

export const markSpan = (mark: Mark, glyphs: Glyphs) => span(glyphs[mark], MARK_STYLES[mark]);
