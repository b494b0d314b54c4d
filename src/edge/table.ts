import { createHistogram, recordLatency, type Histogram } from '../judge/histogram.ts';
import type { Backend } from './backend.ts';
import { PLACES } from './draw.ts';
import type { RoutedArm, Routing } from './routing.ts';
import { FailedVisitors } from './visitors.ts';

/** The counts of one instance in one arm. A row never changes its arm: an instance that is promoted gets a new row. */
export interface Row {
  readonly arm: RoutedArm;
  readonly instance: string;
  requests: number;
  errors: number;
  visitorErrors: number;
  readonly latency: Histogram;
  /** Monotonic time since which the routing is without it; undefined while it is routed. */
  goneAt: number | undefined;
}

export const newRow = (arm: RoutedArm, instance: string): Row => ({
  arm,
  instance,
  requests: 0,
  errors: 0,
  visitorErrors: 0,
  latency: createHistogram(),
  goneAt: undefined,
});

/** One endpoint of one arm. */
export interface Seat {
  readonly backend: Backend;
  readonly row: Row;
}

export interface Arm {
  readonly seats: readonly Seat[];
  /** Rotates where the search for the least loaded seat begins. */
  turn: number;
}

/** A routing made ready for requests; replaced as a whole by each `set`. */
export interface Table {
  readonly routing: Routing;
  /** The cookie's name; undefined when each request is drawn by itself. */
  readonly cookie: string | undefined;
  readonly failed: FailedVisitors;
  readonly stable: Arm;
  readonly canary: Arm;
  readonly baseline: Arm;
  /** Places below go to the canary. */
  readonly canaryBelow: number;
  /** Places from here on go to the baseline. */
  readonly baselineFrom: number;
}

/**
 * The arm of a place. The canary grows from the lowest place upwards and the baseline from the highest downwards, so that
 * while weights grow no visitor changes more than once.
 */
export function armAt(table: Table, place: number): Arm {
  if (place < table.canaryBelow) return table.canary;
  return place >= table.baselineFrom ? table.baseline : table.stable;
}

export function compile(
  routing: Routing,
  seatsOf: (arm: RoutedArm) => readonly Seat[],
  failed: FailedVisitors,
): Table {
  const weightOf = (name: string) => routing.arms.find((arm) => arm.arm === name)?.weight ?? 0;
  const armOf = (name: string): Arm => {
    const arm = routing.arms.find((candidate) => candidate.arm === name);
    return { seats: arm === undefined ? [] : seatsOf(arm), turn: 0 };
  };
  return {
    routing,
    cookie: routing.sticky.by === 'cookie' ? routing.sticky.name : undefined,
    failed,
    stable: armOf('stable'),
    canary: armOf('canary'),
    baseline: armOf('baseline'),
    canaryBelow: weightOf('canary'),
    baselineFrom: PLACES - weightOf('baseline'),
  };
}

const RECENTLY_FAILED = 1e6;
const JUST_FAILED = 1e9;

/**
 * The seat with the fewest requests in flight; one that could not be connected lately, and then the one that this request
 * has just failed on, come last.
 * @param now monotonic milliseconds
 */
export function pickSeat(arm: Arm, tried: Seat | undefined, now: number, avoid: number): Seat | undefined {
  const { seats } = arm;
  const start = arm.turn++;
  let best: Seat | undefined;
  let least = Infinity;
  for (let i = 0; i < seats.length; i++) {
    const seat = seats[(start + i) % seats.length];
    if (seat === undefined) continue;
    let load = seat.backend.inFlight;
    if (now - seat.backend.failedAt < avoid) load += RECENTLY_FAILED;
    if (seat === tried) load += JUST_FAILED;
    if (load < least) {
      least = load;
      best = seat;
    }
  }
  return best;
}

/** The visitor's hash when an error of theirs counts once; NOT_STICKY when each of their errors counts. */
export const NOT_STICKY = -1;

/** Counts an answer when its head has come. */
export function countAnswer(
  row: Row,
  failed: FailedVisitors,
  visitor: number,
  status: number,
  ms: number,
): void {
  row.requests++;
  recordLatency(row.latency, ms);
  if (status >= 500) countError(row, failed, visitor);
}

/** Counts an attempt that got no answer. */
export function countFailure(row: Row, failed: FailedVisitors, visitor: number): void {
  row.requests++;
  countError(row, failed, visitor);
}

export function countError(row: Row, failed: FailedVisitors, visitor: number): void {
  row.errors++;
  if (visitor === NOT_STICKY || failed.add(visitor)) row.visitorErrors++;
}
