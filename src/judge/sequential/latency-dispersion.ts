/**
 * Section B for latency: how much more slow answers vary than independent ones would. An instance that pauses makes many answers slow
 * at once, and evidence on a quantile is divided by that.
 *
 * It is learnt at the baseline's own threshold, for warnings and issues alike. For an issue the canary's answers are counted further
 * up, where there are fewer of them: beside the number that the test expects they vary no more than here.
 */
import type { InstanceCount } from '../tick.ts';
import {
  BLOCK_SECONDS,
  grown,
  isWhole,
  PRIOR_EVENTS,
  PRIOR_PHI,
  temperingOf,
  type BlockSeconds,
  type InstanceHistory,
} from './dispersion.ts';
import { LATENCY_QUANTILES } from './latency.ts';
import type { Places } from './places.ts';

const QUANTILES = LATENCY_QUANTILES.length;

interface Blocks {
  readonly seconds: BlockSeconds;
  /** The two sums of each quantile's estimate, over the blocks that are over. */
  readonly spread: Float64Array;
  readonly events: Float64Array;
  /** The block that is not whole yet: when it began, and by instance its requests and, for each quantile, its slow answers. */
  from: number;
  requests: Float64Array;
  slow: Float64Array;
}

/** Changed in place by its owner. */
export interface LatencyDispersion {
  /** What evidence on each quantile is divided by now. */
  readonly phi: Float64Array;
  /** Whether anything was ever told of the latency of single instances. */
  known: boolean;
  readonly lengths: readonly Blocks[];
}

export function createLatencyDispersion(from: number, history: InstanceHistory): LatencyDispersion {
  const dispersion: LatencyDispersion = {
    phi: new Float64Array(QUANTILES).fill(1),
    known: false,
    lengths: BLOCK_SECONDS.map((seconds) => ({
      seconds,
      spread: new Float64Array(QUANTILES).fill(PRIOR_PHI * PRIOR_EVENTS),
      events: new Float64Array(QUANTILES).fill(PRIOR_EVENTS),
      from,
      requests: new Float64Array(0),
      slow: new Float64Array(0),
    })),
  };
  for (const one of dispersion.lengths)
    for (const { length, blocks } of history)
      if (length === one.seconds) for (const block of blocks) takeBlock(dispersion, one, block);
  estimate(dispersion);
  return dispersion;
}

/** Of the history: slow answers come by quantile. */
function takeBlock(
  dispersion: LatencyDispersion,
  blocks: Blocks,
  { requests, slow }: InstanceHistory[number]['blocks'][number],
): void {
  if (slow === undefined) return;
  dispersion.known = true;
  makeRoom(blocks, requests.length);
  for (let j = 0; j < requests.length; j++) {
    blocks.requests[j] = requests[j] ?? 0;
    for (let q = 0; q < QUANTILES; q++) blocks.slow[j * QUANTILES + q] = slow[q]?.[j] ?? 0;
  }
  closeBlock(blocks, blocks.from);
}

/**
 * Adds what the instances did in a tick that ended at `at`. Blocks that are over by then count from the next tick on. Instances of
 * which nothing is told are left out.
 * @param places of these instances
 */
export function feedLatencyDispersion(
  dispersion: LatencyDispersion,
  instances: readonly InstanceCount[],
  places: Places,
  at: number,
): void {
  let isNews = false;
  for (let b = 0; b < dispersion.lengths.length; b++) {
    const blocks = dispersion.lengths[b] as Blocks;
    makeRoom(blocks, places.seenAt.length);
    if (addTo(blocks, instances, places)) dispersion.known = true;
    if (!isWhole(blocks, at)) continue;
    closeBlock(blocks, at);
    isNews = true;
  }
  if (isNews) estimate(dispersion);
}

/** @returns whether anything is told of the latency of single instances */
function addTo({ requests, slow }: Blocks, instances: readonly InstanceCount[], { of }: Places): boolean {
  let isTold = false;
  for (let i = 0; i < instances.length; i++) {
    const instance = instances[i] as InstanceCount;
    const more = instance.slow;
    if (more === undefined || instance.requests === 0) continue;
    isTold = true;
    const place = of[i] as number;
    requests[place] = (requests[place] as number) + instance.requests;
    for (let q = 0; q < QUANTILES; q++) {
      const at = place * QUANTILES + q;
      slow[at] = (slow[at] as number) + (more[q] as number);
    }
  }
  return isTold;
}

/** Room for so many instances. */
function makeRoom(blocks: Blocks, instances: number): void {
  if (blocks.requests.length >= instances) return;
  const room = Math.max(instances, 2 * blocks.requests.length);
  blocks.requests = grown(blocks.requests, room);
  blocks.slow = grown(blocks.slow, room * QUANTILES);
}

/** Room for the sums of one block; nothing in it outlives a call. */
const TOTALS = new Float64Array(QUANTILES);
const SQUARES = new Float64Array(QUANTILES);

/** `sum_j (x_j - E w_j)^2 / w_j = N sum_j x_j^2 / n_j - E^2`, for w_j = n_j / N; fewer than two instances say nothing. */
function closeBlock(blocks: Blocks, at: number): void {
  const { requests, slow, spread, events } = blocks;
  for (let q = 0; q < QUANTILES; q++) TOTALS[q] = SQUARES[q] = 0;
  let served = 0;
  let instances = 0;
  for (let j = 0; j < requests.length; j++) {
    const own = requests[j] as number;
    if (own === 0) continue;
    instances++;
    served += own;
    const weight = 1 / own;
    requests[j] = 0;
    for (let q = 0; q < QUANTILES; q++) {
      const x = slow[j * QUANTILES + q] as number;
      slow[j * QUANTILES + q] = 0;
      TOTALS[q] = (TOTALS[q] as number) + x;
      SQUARES[q] = (SQUARES[q] as number) + x * x * weight;
    }
  }
  blocks.from = at;
  if (instances < 2) return;
  for (let q = 0; q < QUANTILES; q++) {
    const total = TOTALS[q] as number;
    const squares = served * (SQUARES[q] as number) - total * total;
    spread[q] = (spread[q] as number) + squares / (instances - 1);
    events[q] = (events[q] as number) + total;
  }
}

/** The largest of the block lengths counts. */
function estimate({ phi, lengths }: LatencyDispersion): void {
  for (let q = 0; q < QUANTILES; q++) {
    let largest = 1;
    for (let b = 0; b < lengths.length; b++) largest = Math.max(largest, phiOf(lengths[b] as Blocks, q));
    phi[q] = temperingOf(largest);
  }
}

const phiOf = ({ spread, events }: Blocks, q: number): number =>
  Math.max(1, (spread[q] as number) / (events[q] as number));

/** How much the slow answers of one quantile vary, for the record. */
export interface LatencyPhi {
  readonly quantile: number;
  /** What evidence on this quantile is divided by. */
  readonly phi: number;
  readonly phiByBlock: ReadonlyArray<{ readonly seconds: BlockSeconds; readonly phi: number }>;
}

/** @param phi what is divided by, of each quantile @returns null where nothing was told of the latency of single instances */
export const latencyPhiOf = (
  { known, lengths }: LatencyDispersion,
  phi: (q: number) => number,
): readonly LatencyPhi[] | null =>
  known
    ? LATENCY_QUANTILES.map(({ p }, q) => ({
        quantile: p,
        phi: phi(q),
        phiByBlock: lengths.map((blocks) => ({ seconds: blocks.seconds, phi: phiOf(blocks, q) })),
      }))
    : null;
