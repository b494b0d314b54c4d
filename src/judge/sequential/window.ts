import { addCounts, type Counts } from '../counts.ts';
import { createHistogram, toSparse, type Histogram, type SparseHistogram } from '../histogram.ts';

/** The window moves in steps of this part of its length, so that its cost does not depend on the length of a tick. */
const SLOTS = 30;

export interface WindowArm {
  requests: number;
  errors: number;
  /** All that `latency` holds. */
  answers: number;
  readonly latency: Histogram;
}

interface OldArm {
  readonly requests: number;
  readonly errors: number;
  readonly answers: number;
  readonly latency: SparseHistogram;
}

interface OldSlot {
  readonly from: number;
  readonly until: number;
  readonly canary: OldArm;
  readonly baseline: OldArm;
}

/** Counts of both arms over the last `lengthMs`, exact to a thirtieth of that. Changed in place by its owner. */
export interface Window {
  readonly lengthMs: number;
  readonly canary: WindowArm;
  readonly baseline: WindowArm;
  /** When the counts begin, and end: epoch milliseconds; undefined while there are none. */
  from: number | undefined;
  until: number | undefined;
  /** The slot that is not full yet. */
  slotFrom: number | undefined;
  readonly slot: { readonly canary: WindowArm; readonly baseline: WindowArm };
  readonly old: OldSlot[];
}

const noCounts = (): WindowArm => ({ requests: 0, errors: 0, answers: 0, latency: createHistogram() });

export const createWindow = (lengthMs: number): Window => ({
  lengthMs,
  canary: noCounts(),
  baseline: noCounts(),
  from: undefined,
  until: undefined,
  slotFrom: undefined,
  slot: { canary: noCounts(), baseline: noCounts() },
  old: [],
});

export interface Served {
  readonly requests: number;
  readonly errors: number;
  readonly latency: Counts;
}

/**
 * Adds what both arms did from `from` to `at`.
 * @returns whether the slot is full: with that the window has moved
 */
export function addToWindow(
  window: Window,
  canary: Served,
  baseline: Served,
  from: number,
  at: number,
): boolean {
  window.from ??= from;
  window.slotFrom ??= from;
  window.until = at;
  add(window.canary, canary);
  add(window.baseline, baseline);
  add(window.slot.canary, canary);
  add(window.slot.baseline, baseline);
  const full = at - window.slotFrom >= window.lengthMs / SLOTS;
  if (full) closeSlot(window, window.slotFrom, at);
  return full;
}

/** Forgets what is older than the window at `now`. */
export function moveWindow(window: Window, now: number): void {
  const start = now - window.lengthMs;
  const { slotFrom, until } = window;
  if (slotFrom !== undefined && until !== undefined && until <= start) closeSlot(window, slotFrom, until);
  for (let oldest = window.old[0]; oldest !== undefined && oldest.until <= start; oldest = window.old[0]) {
    subtract(window.canary, oldest.canary);
    subtract(window.baseline, oldest.baseline);
    window.old.shift();
    window.from = window.old[0]?.from ?? window.slotFrom;
  }
}

function closeSlot(window: Window, from: number, until: number): void {
  const { canary, baseline } = window.slot;
  window.old.push({ from, until, canary: pack(canary), baseline: pack(baseline) });
  clear(canary);
  clear(baseline);
  window.slotFrom = undefined;
}

const pack = ({ requests, errors, answers, latency }: WindowArm): OldArm => ({
  requests,
  errors,
  answers,
  latency: toSparse(latency),
});

function clear(arm: WindowArm): void {
  arm.requests = 0;
  arm.errors = 0;
  arm.answers = 0;
  arm.latency.fill(0);
}

function add(into: WindowArm, { requests, errors, latency }: Served): void {
  into.requests += requests;
  into.errors += errors;
  into.answers += latency.total;
  addCounts(into.latency, latency);
}

function subtract(from: WindowArm, { requests, errors, answers, latency: { pairs } }: OldArm): void {
  from.requests -= requests;
  from.errors -= errors;
  from.answers -= answers;
  for (let i = 0; i < pairs.length; i += 2) {
    const bucket = pairs[i] ?? 0;
    from.latency[bucket] = (from.latency[bucket] ?? 0) - (pairs[i + 1] ?? 0);
  }
}
