import { formatDuration, milliseconds } from '../core/time.ts';
import type { Weight } from '../core/weights.ts';
import { percentOf } from '../core/weights.ts';

/** `12,150` */
export const count = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 gate`, `2 gates` */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** A share as a percentage, two significant digits below 10%: `4.8%`, `12%`. Null where nothing was counted. */
export function rate(events: number, of: number): string | null {
  if (of === 0) return null;
  const percent = (events / of) * 100;
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))}%`;
}

/** A share of traffic: `25%`, `0.5%`. */
export const share = (weight: Weight): string => `${percentOf(weight)}%`;

/** Evidence as odds: `340:1`; against, `1:20`. @param logE natural logarithm of the e-value */
export function odds(logE: number): string {
  if (logE > Math.log(1e9)) return 'over 1,000,000,000:1';
  return logE < 0 ? `1:${count(Math.exp(Math.min(-logE, 20.7)))}` : `${count(Math.exp(logE))}:1`;
}

/** `8m 32s`; below zero counts as nothing. */
export const lasting = (ms: number): string => (ms < 1 ? '0s' : formatDuration(milliseconds(ms)));

/** The largest unit alone, for columns: `8m`, `3d`. */
export const roughly = (ms: number): string => lasting(ms < 1000 ? 0 : ms).split(' ')[0] ?? '';

/** Seven digits of a commit; nothing for a plain folder. */
export const shortCommit = (commit: string): string => commit.slice(0, 7);

/** `refs/heads/main` -> `main`, `refs/tags/v1` -> `v1`. */
export const shortRef = (ref: string): string => ref.replace(/^refs\/(heads|tags)\//, '');

/** `2026-11-20T18:57:17Z` */
export const utc = (epochMs: number): string => new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
