import { createHistogram, mergeInto, type Histogram } from './histogram.ts';
import type { ArmTick, Tick } from './tick.ts';

/** The window moves in steps of this part of its length, so that its cost does not depend on the length of a tick. */
const SLOTS = 30;

export interface WindowArm {
  requests: number;
  errors: number;
  readonly latency: Histogram;
}

interface Slot {
  readonly from: number;
  until: number;
  readonly canary: WindowArm;
  readonly baseline: WindowArm;
}

/** Counts of both arms over the last `lengthMs`. Changed in place by its owner. */
export interface Window {
  readonly lengthMs: number;
  slots: Slot[];
}

export interface WindowSums {
  readonly canary: WindowArm;
  readonly baseline: WindowArm;
  /** Time from the first tick that is included, in ms. */
  readonly spanMs: number;
}

export const createWindow = (lengthMs: number): Window => ({ lengthMs, slots: [] });

/** Adds a tick that began at `from`. @returns whether it began a new slot. */
export function addToWindow(window: Window, tick: Tick, from: number): boolean {
  const last = window.slots.at(-1);
  const begins = last === undefined || tick.at - last.from > window.lengthMs / SLOTS;
  const slot = begins ? { from, until: tick.at, canary: noCounts(), baseline: noCounts() } : last;
  if (begins) window.slots = [...window.slots.filter((old) => within(window, old, tick.at)), slot];
  slot.until = tick.at;
  addCounts(slot.canary, tick.canary);
  addCounts(slot.baseline, tick.baseline);
  return begins;
}

/** The sums over the window that ends at `now`, exact to a thirtieth of its length. */
export function sumWindow(window: Window, now: number): WindowSums {
  const canary = noCounts();
  const baseline = noCounts();
  const slots = window.slots.filter((slot) => within(window, slot, now));
  for (const slot of slots) {
    addCounts(canary, slot.canary);
    addCounts(baseline, slot.baseline);
  }
  return { canary, baseline, spanMs: now - (slots[0]?.from ?? now) };
}

const within = (window: Window, slot: Slot, now: number) => slot.until > now - window.lengthMs;

const noCounts = (): WindowArm => ({ requests: 0, errors: 0, latency: createHistogram() });

function addCounts(into: WindowArm, from: Pick<ArmTick, keyof WindowArm>): void {
  into.requests += from.requests;
  into.errors += from.errors;
  mergeInto(into.latency, from.latency);
}
