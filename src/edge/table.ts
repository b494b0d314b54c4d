import { bucketOf, createHistogram, type Histogram } from '../judge/histogram.ts';
import type { Backend } from './backend.ts';
import { PLACES } from './draw.ts';
import type { RoutedArm, Routing } from './routing.ts';
import { FAILED, type Visitors } from './visitors.ts';

/** The counts of one instance in one arm. A row never changes its arm: an instance that is promoted gets a new row. */
export interface Row {
  readonly arm: RoutedArm;
  readonly instance: string;
  requests: number;
  errors: number;
  visitorErrors: number;
  /** Visitors that have met an error, as far as they can be told apart. */
  failingVisitors: number;
  readonly latency: Histogram;
  /** By watched bucket: answers in it or above, once for each visitor. */
  readonly slowVisitors: Map<number, number>;
  /** Monotonic time since which the routing is without it; undefined while it is routed. */
  goneAt: number | undefined;
}

export const newRow = (arm: RoutedArm, instance: string): Row => ({
  arm,
  instance,
  requests: 0,
  errors: 0,
  visitorErrors: 0,
  failingVisitors: 0,
  latency: createHistogram(),
  slowVisitors: new Map(),
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
  readonly visitors: Visitors;
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
  visitors: Visitors,
): Table {
  const weightOf = (name: string) => routing.arms.find((arm) => arm.arm === name)?.weight ?? 0;
  const armOf = (name: string): Arm => {
    const arm = routing.arms.find((candidate) => candidate.arm === name);
    return { seats: arm === undefined ? [] : seatsOf(arm), turn: 0 };
  };
  return {
    routing,
    cookie: routing.sticky.by === 'cookie' ? routing.sticky.name : undefined,
    visitors,
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
    if (seat.backend === tried?.backend) load += JUST_FAILED;
    if (load < least) {
      least = load;
      best = seat;
    }
  }
  return best;
}

/** Of a visitor without a hash: each request is drawn by itself, and counts by itself. */
export const NOT_STICKY = -1;

/** Whose request it is. */
export interface Visitor {
  /** The hash of the id that keeps the visitor on a version, or NOT_STICKY. */
  readonly visitor: number;
  /** Whether the visitor has shown the id: it was not made for this very request. */
  readonly known: boolean;
}

/** Counts an answer when its head has come. */
export function countAnswer(row: Row, visitors: Visitors, who: Visitor, ms: number): void {
  row.requests++;
  const bucket = bucketOf(ms);
  row.latency[bucket] = (row.latency[bucket] ?? 0) + 1;
  if (who.visitor === NOT_STICKY) return;
  const slow = visitors.slowMarks(bucket);
  if (slow === 0) return;
  const news = visitors.note(who.visitor, slow, who.known);
  if (news === 0) return;
  for (const watched of visitors.bucketsOf(news))
    row.slowVisitors.set(watched, (row.slowVisitors.get(watched) ?? 0) + 1);
}

/** @param addressHash of a visitor who has not shown an id: the client's address and program stand for it */
export function countError(row: Row, visitors: Visitors, who: Visitor, addressHash: () => number): void {
  row.errors++;
  if (who.visitor === NOT_STICKY) {
    row.visitorErrors++;
    return;
  }
  if (visitors.note(who.visitor, FAILED, who.known) === 0) return;
  row.visitorErrors++;
  if (who.known || visitors.note(addressHash(), FAILED, true) !== 0) row.failingVisitors++;
}
