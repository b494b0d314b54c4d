import { addCounts, createCounts, readCounts, type Counts } from './counts.ts';
import { createHistogram, type Histogram, type Latencies } from './histogram.ts';
import { addTotals, noTotals, type ArmTick, type Totals } from './tick.ts';

/** What one arm did in a tick, its latencies read. */
export interface ArmCounts extends Totals {
  readonly latency: Counts;
  slowClients: ReadonlyMap<number, number> | undefined;
}

export interface ArmPair {
  readonly canary: ArmCounts;
  readonly baseline: ArmCounts;
}

export const createPair = (): ArmPair => ({
  canary: { ...noTotals(), latency: createCounts(), slowClients: undefined },
  baseline: { ...noTotals(), latency: createCounts(), slowClients: undefined },
});

/** @throws RangeError for a histogram that is none, or with more answers than requests */
export function readArm(into: ArmCounts, name: 'canary' | 'baseline', tick: ArmTick<Latencies>): void {
  readCounts(into.latency, tick.latency);
  if (into.latency.total > tick.requests)
    throw new RangeError(`${name}: ${into.latency.total} answers to ${tick.requests} requests`);
  into.requests = tick.requests;
  into.errors = tick.errors;
  into.crashes = tick.crashes;
  into.instanceMinutes = tick.instanceMinutes;
  into.slowClients = tick.slowClients;
}

interface WaitingArm {
  readonly totals: Totals;
  /** All that `latency` holds. */
  answers: number;
  readonly latency: Histogram;
  slowClients: Map<number, number> | undefined;
}

/** Ticks in which one arm had no requests, put together until it has. Changed in place by its owner. */
export interface Waiting {
  readonly from: number;
  readonly canary: WaitingArm;
  readonly baseline: WaitingArm;
}

const emptyArm = (): WaitingArm => ({
  totals: noTotals(),
  answers: 0,
  latency: createHistogram(),
  slowClients: undefined,
});

export const createWaiting = (from: number): Waiting => ({ from, canary: emptyArm(), baseline: emptyArm() });

export function addWaiting(waiting: Waiting, { canary, baseline }: ArmPair): void {
  addArm(waiting.canary, canary);
  addArm(waiting.baseline, baseline);
}

function addArm(arm: WaitingArm, counts: ArmCounts): void {
  addTotals(arm.totals, counts);
  arm.answers += counts.latency.total;
  addCounts(arm.latency, counts.latency);
  if (counts.slowClients === undefined) return;
  const slow = (arm.slowClients ??= new Map());
  for (const [bucket, clients] of counts.slowClients) slow.set(bucket, (slow.get(bucket) ?? 0) + clients);
}

export function readWaiting(into: ArmPair, waiting: Waiting): void {
  takeArm(into.canary, waiting.canary);
  takeArm(into.baseline, waiting.baseline);
}

function takeArm(into: ArmCounts, { totals, latency, slowClients }: WaitingArm): void {
  Object.assign(into, totals);
  readCounts(into.latency, latency);
  into.slowClients = slowClients;
}
