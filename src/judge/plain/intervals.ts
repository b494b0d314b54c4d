import {
  countFrom,
  createHistogram,
  mergeInto,
  quantile,
  type Histogram,
  type Latencies,
} from '../histogram.ts';
import { addTotals, noTotals, type ArmTick, type Tick, type Totals } from '../tick.ts';

interface IntervalArm extends Totals {
  readonly latency: Histogram;
}

/** What both arms did from `from` to `until`, epoch ms. */
export interface Interval {
  readonly from: number;
  until: number;
  readonly canary: IntervalArm;
  readonly baseline: IntervalArm;
}

/** An arm's counts over a time, as plain data. Quantiles in ms, exact to a bucket of 2%; null where nothing was answered. */
export interface Figures extends Readonly<Totals> {
  readonly answered: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
}

export interface ComparedFigures {
  readonly from: number;
  readonly until: number;
  readonly canary: Figures;
  readonly baseline: Figures;
}

const nothing = (): IntervalArm => ({ ...noTotals(), latency: createHistogram() });

/**
 * Adds a tick that began at `from` to the interval that is open, or to a new one.
 * @returns the interval with it, and whether it is complete now: `lengthMs` or more have passed since it began
 */
export function addToInterval(
  open: Interval | undefined,
  tick: Tick<Latencies>,
  from: number,
  lengthMs: number,
) {
  const interval = open ?? { from, until: from, canary: nothing(), baseline: nothing() };
  interval.until = tick.at;
  addArm(interval.canary, tick.canary);
  addArm(interval.baseline, tick.baseline);
  return { interval, complete: tick.at - interval.from >= lengthMs };
}

/** Several intervals, in order of time, as one; an empty one where there are none. */
export function joined(intervals: readonly Interval[]): Interval {
  const canary = nothing();
  const baseline = nothing();
  for (const interval of intervals) {
    addArm(canary, interval.canary);
    addArm(baseline, interval.baseline);
  }
  return { from: intervals[0]?.from ?? 0, until: intervals.at(-1)?.until ?? 0, canary, baseline };
}

export const figuresIn = ({ from, until, canary, baseline }: Interval): ComparedFigures => ({
  from,
  until,
  canary: figuresOf(canary),
  baseline: figuresOf(baseline),
});

function addArm(into: IntervalArm, from: IntervalArm | ArmTick<Latencies>): void {
  addTotals(into, from);
  mergeInto(into.latency, from.latency);
}

function figuresOf({ latency, ...totals }: IntervalArm): Figures {
  const answered = countFrom(latency, 0);
  const at = (p: number) => (answered === 0 ? null : quantile(latency, p));
  return { ...totals, answered, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
}
