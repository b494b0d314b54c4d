import type { Axis } from './figure.ts';

export interface Tick {
  readonly value: number;
  readonly text: string;
}

/** Where values lie on an axis. */
export interface Scale {
  readonly ticks: readonly Tick[];
  /** 0 at the lower end to 1 at the upper one; beyond them, the end. */
  readonly at: (value: number) => number;
  readonly write: (value: number) => string;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * @param values what the axis must hold; only finite ones count
 * @param about how many ticks there is room for
 * @param wide whether the ends may move out to the next tick
 */
export function scaleOf(axis: Axis, values: Iterable<number>, about: number, wide: boolean): Scale {
  const range = rangeOf(axis, values);
  return axis.scale === 'log' ? logScale(axis, range, about, wide) : linearScale(axis, range, about, wide);
}

function rangeOf({ scale, min, max }: Axis, values: Iterable<number>): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (scale === 'log' && value <= 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) [low, high] = scale === 'log' ? [1, 10] : [0, 1];
  if (scale !== 'log' && low > 0) low = 0;
  low = min ?? low;
  high = max ?? high;
  if (high > low) return { low, high };
  return scale === 'log' ? { low: low / 10, high: low * 10 } : { low, high: low + 1 };
}

const between = (value: number, low: number, high: number) =>
  Math.min(1, Math.max(0, (value - low) / (high - low)));

function linearScale({ min, max, unit }: Axis, range: Range, about: number, wide: boolean): Scale {
  const step = stepFor((range.high - range.low) / about, unit);
  const low = wide && min === undefined ? Math.floor(range.low / step) * step : range.low;
  const high = wide && max === undefined ? Math.ceil(range.high / step) * step : range.high;
  const write = writerOf(unit, step);
  const ticks: Tick[] = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) {
    ticks.push({ value: n * step, text: write(n * step) });
  }
  return { ticks, write, at: (value) => between(value, low, high) };
}

function logScale({ min, max, unit }: Axis, range: Range, about: number, wide: boolean): Scale {
  const from = Math.log10(range.low);
  const to = Math.log10(range.high);
  const low = wide && min === undefined ? Math.floor(from + 1e-9) : from;
  const high = wide && max === undefined ? Math.ceil(to - 1e-9) : to;
  const every = Math.max(1, Math.ceil((high - low) / about));
  const parts = high - low <= about / 3 ? [1, 2, 5] : [1];
  const write = writerOf(unit, 0);
  const ticks: Tick[] = [];
  for (let decade = Math.floor(low); decade <= high + 1e-9; decade++) {
    if (decade % every !== 0) continue;
    for (const part of parts) {
      const value = part * 10 ** decade;
      const place = Math.log10(value);
      if (place >= low - 1e-9 && place <= high + 1e-9) ticks.push({ value, text: write(value) });
    }
  }
  return { ticks, write, at: (value) => (value > 0 ? between(Math.log10(value), low, high) : 0) };
}

/** Steps that people count time in, ms. */
const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200].map(
  (seconds) => seconds * 1000,
);
const DAY = 86_400_000;

/** The smallest step of 1, 2 or 5 times a power of ten, or of a clock, that is not below `least`. */
function stepFor(least: number, unit: Axis['unit']): number {
  if (unit === 'duration' && least > 500) {
    return TIMES.find((time) => time >= least) ?? DAY * Math.max(1, decimalStep(least / DAY));
  }
  return decimalStep(least);
}

function decimalStep(least: number): number {
  const decade = 10 ** Math.floor(Math.log10(least));
  return decade * ([1, 2, 5].find((part) => part * decade >= least * (1 - 1e-9)) ?? 10);
}

/** @param step between ticks: no more decimals are written than tell them apart; 0 = three digits */
function writerOf(unit: Axis['unit'], step: number): (value: number) => string {
  if (unit === 'duration') return writeDuration;
  const write = (value: number) => writeNumber(value, step);
  return unit === 'percent' ? (value) => `${write(value)}%` : write;
}

const LARGE: ReadonlyArray<readonly [number, string]> = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

function writeNumber(value: number, step: number): string {
  const size = Math.abs(value);
  if (size >= 1e12 || (size > 0 && size < 1e-4)) return value.toExponential(0).replace('e+', 'e');
  const [unit, suffix] = LARGE.find(([unit]) => size >= unit) ?? [1, ''];
  const decimals = step === 0 ? 3 : Math.max(0, Math.ceil(-Math.log10(step / unit) - 1e-9));
  const text = step === 0 ? (value / unit).toPrecision(3) : (value / unit).toFixed(Math.min(6, decimals));
  const plain = String(Number(text));
  return `${plain === '-0' ? '0' : plain}${suffix}`;
}

const UNITS: ReadonlyArray<readonly [number, string]> = [
  [DAY, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
];

/** Up to two units: `1h 30m`, `45s`, `250ms`. */
function writeDuration(ms: number): string {
  if (ms === 0) return '0';
  if (Math.abs(ms) < 1000) return `${Number(ms.toPrecision(3))}ms`;
  let rest = Math.round(Math.abs(ms) / 1000) * 1000;
  const parts: string[] = [];
  for (const [size, name] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count}${name}`);
    rest -= count * size;
  }
  return `${ms < 0 ? '-' : ''}${parts.slice(0, 2).join(' ')}`;
}
