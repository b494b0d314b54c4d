import { addCounts, highestOf, type Counts } from '../counts.ts';
import { BUCKETS, createHistogram, type Histogram } from '../histogram.ts';

/** The window moves in steps of this part of its length, so that its cost does not depend on the length of a tick. */
const SLOTS = 30;

export interface WindowArm {
  requests: number;
  errors: number;
  /** All that `latency` holds. */
  answers: number;
  readonly latency: Histogram;
  /** No bucket above this one was ever used. */
  highest: number;
}

/** What an arm did in one slot; its latencies are bucket and count in turn. */
interface SlotArm {
  readonly requests: number;
  readonly errors: number;
  readonly answers: number;
  readonly latency: Uint16Array | Uint32Array;
}

interface Slot {
  readonly from: number;
  readonly until: number;
  readonly canary: SlotArm;
  readonly baseline: SlotArm;
}

/** Counts of both arms over the last `lengthMs`, exact to a thirtieth of that. Changed in place by its owner. */
export interface Window {
  readonly lengthMs: number;
  readonly canary: WindowArm;
  readonly baseline: WindowArm;
  /** When the counts begin, and end: epoch milliseconds; undefined while there are none. */
  from: number | undefined;
  until: number | undefined;
  /** Slots that are full. */
  readonly slots: Slot[];
  /** When the slot under way began, and what was counted then. */
  slotFrom: number | undefined;
  readonly before: { readonly canary: WindowArm; readonly baseline: WindowArm };
}

const noCounts = (): WindowArm => ({
  requests: 0,
  errors: 0,
  answers: 0,
  latency: createHistogram(),
  highest: 0,
});

export const createWindow = (lengthMs: number): Window => ({
  lengthMs,
  canary: noCounts(),
  baseline: noCounts(),
  from: undefined,
  until: undefined,
  slots: [],
  slotFrom: undefined,
  before: { canary: noCounts(), baseline: noCounts() },
});

export interface Served {
  readonly requests: number;
  readonly errors: number;
  readonly latency: Counts;
}

/**
 * Adds what both arms did from `from` to `at`.
 * @returns whether the slot is full
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
  const full = at - window.slotFrom >= window.lengthMs / SLOTS;
  if (full) closeSlot(window, window.slotFrom, at);
  return full;
}

/** Forgets what is older than the window at `now`. */
export function moveWindow(window: Window, now: number): void {
  const start = now - window.lengthMs;
  const { slotFrom, until } = window;
  if (slotFrom !== undefined && until !== undefined && until <= start) closeSlot(window, slotFrom, until);
  for (
    let oldest = window.slots[0];
    oldest !== undefined && oldest.until <= start;
    oldest = window.slots[0]
  ) {
    subtract(window.canary, oldest.canary);
    subtract(window.before.canary, oldest.canary);
    subtract(window.baseline, oldest.baseline);
    subtract(window.before.baseline, oldest.baseline);
    window.slots.shift();
    window.from = window.slots[0]?.from ?? window.slotFrom;
  }
}

function closeSlot(window: Window, from: number, until: number): void {
  const { canary, baseline, before } = window;
  window.slots.push({
    from,
    until,
    canary: difference(canary, before.canary),
    baseline: difference(baseline, before.baseline),
  });
  copy(before.canary, canary);
  copy(before.baseline, baseline);
  window.slotFrom = undefined;
}

/** Room for the pairs of one slot, until their number is known. */
const PAIRS = new Uint32Array(2 * BUCKETS);

/** Slots are many: they are kept as small as they can be. */
function difference(now: WindowArm, before: WindowArm): SlotArm {
  let length = 0;
  let largest = 0;
  for (let bucket = 0; bucket <= now.highest; bucket++) {
    const count = ((now.latency[bucket] as number) - (before.latency[bucket] as number)) >>> 0;
    if (count === 0) continue;
    PAIRS[length++] = bucket;
    PAIRS[length++] = count;
    if (count > largest) largest = count;
  }
  const pairs = PAIRS.subarray(0, length);
  return {
    requests: now.requests - before.requests,
    errors: now.errors - before.errors,
    answers: now.answers - before.answers,
    latency: largest < 65_536 ? new Uint16Array(pairs) : new Uint32Array(pairs),
  };
}

function copy(into: WindowArm, from: WindowArm): void {
  into.requests = from.requests;
  into.errors = from.errors;
  into.answers = from.answers;
  into.latency.set(from.latency);
}

function add(into: WindowArm, { requests, errors, latency }: Served): void {
  into.requests += requests;
  into.errors += errors;
  into.answers += latency.total;
  addCounts(into.latency, latency);
  into.highest = Math.max(into.highest, highestOf(latency));
}

function subtract(from: WindowArm, slot: SlotArm): void {
  from.requests -= slot.requests;
  from.errors -= slot.errors;
  from.answers -= slot.answers;
  for (let i = 0; i < slot.latency.length; i += 2) {
    const bucket = slot.latency[i] ?? 0;
    from.latency[bucket] = (from.latency[bucket] ?? 0) - (slot.latency[i + 1] ?? 0);
  }
}
