import type { Glyphs, Style } from './style.ts';
import { span, type Line } from './text.ts';

/** A bar filled by a fraction of 0 to 1; anything above nothing shows, and only all of it is full. */
export function bar(fraction: number, width: number, style: Style, { full, empty }: Glyphs): Line {
  const part = Math.min(1, Math.max(0, fraction));
  const exact = Math.round(part * width);
  const filled = part > 0 && part < 1 ? Math.min(width - 1, Math.max(1, exact)) : exact;
  return [span(full.repeat(filled), style), span(empty.repeat(width - filled), 'dim')];
}
