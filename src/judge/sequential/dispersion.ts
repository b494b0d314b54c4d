/** Section B: how much more errors vary than independent ones would. Errors come in batches, and evidence is divided by that. */
import type { InstanceCount } from '../tick.ts';
import type { Places } from './places.ts';

/** Requests and errors of each baseline instance in one block of time. */
export interface InstanceBlock {
  readonly requests: readonly number[];
  readonly errors: readonly number[];
  /** For each quantile of latency that is compared, by instance: see `InstanceCount.slow`. */
  readonly slow?: ReadonlyArray<readonly number[]>;
}

/** Lengths of blocks in seconds: retries come within one, a bad minute of an instance within the longest. */
export const BLOCK_SECONDS = [1, 10, 60] as const;
export type BlockSeconds = (typeof BLOCK_SECONDS)[number];

/** What the stable version's instances did before a rollout, in blocks of one length. */
export type InstanceHistory = ReadonlyArray<{
  /** Of each block, in seconds. */
  readonly length: BlockSeconds;
  readonly blocks: readonly InstanceBlock[];
}>;

/** phi0 and e0: before there is data, events count as independent, with the weight of 50 events. */
export const PRIOR_PHI = 1;
export const PRIOR_EVENTS = 50;
/** An estimate up to here is taken for chance. */
const NEGLIGIBLE = 1.2;
/** Above it the estimate is taken with a margin. */
const MARGIN = 1.5;
/** A block of ticks that come a little early is whole. */
const NEARLY = 0.9;

interface Blocks {
  readonly seconds: BlockSeconds;
  /** The two sums of the estimate, over the blocks that are over. */
  spread: number;
  events: number;
  /** The block that is not whole yet: when it began, and what each instance did in it. */
  from: number;
  requests: Float64Array;
  errors: Float64Array;
}

const noBlocks = (seconds: BlockSeconds, from: number): Blocks => ({
  seconds,
  spread: PRIOR_PHI * PRIOR_EVENTS,
  events: PRIOR_EVENTS,
  from,
  requests: new Float64Array(0),
  errors: new Float64Array(0),
});

const phiOf = ({ spread, events }: Blocks): number => Math.max(1, spread / events);

/**
 * How much more the errors of equal instances differ than independent errors would.
 *
 *     phi_hat = max(1, [phi0 e0 + sum_t sum_j (x_j - E_t w_j)^2 / w_j / (J - 1)] / [e0 + sum_t E_t]),  w_j = n_j / N
 */
export function estimatePhi(blocks: readonly InstanceBlock[]): number {
  const sums = noBlocks(1, 0);
  for (const block of blocks) takeBlock(sums, block);
  return phiOf(sums);
}

function takeBlock(blocks: Blocks, { requests, errors }: InstanceBlock): void {
  makeRoom(blocks, requests.length);
  for (let j = 0; j < requests.length; j++) {
    blocks.requests[j] = requests[j] ?? 0;
    blocks.errors[j] = errors[j] ?? 0;
  }
  closeBlock(blocks, blocks.from);
}

/** What evidence is divided by, from the largest estimate of the block lengths. */
export const temperingOf = (largestPhi: number): number =>
  largestPhi <= NEGLIGIBLE ? 1 : MARGIN * largestPhi;

/** The estimate over all blocks that are over, for the ticks that follow. Changed in place by its owner. */
export interface Dispersion {
  /** What evidence is divided by now. */
  phi: number;
  readonly lengths: readonly Blocks[];
}

export function createDispersion(from: number, history: InstanceHistory): Dispersion {
  const lengths = BLOCK_SECONDS.map((seconds) => {
    const own = noBlocks(seconds, from);
    for (const { length, blocks } of history)
      if (length === seconds) for (const block of blocks) takeBlock(own, block);
    return own;
  });
  return { phi: temperingOf(largestPhi(lengths)), lengths };
}

/** The estimates of each block length, for the record. */
export const phiByBlock = ({ lengths }: Dispersion): { seconds: BlockSeconds; phi: number }[] =>
  lengths.map((blocks) => ({ seconds: blocks.seconds, phi: phiOf(blocks) }));

/**
 * Adds what the instances did in a tick that ended at `at`. Blocks that are over by then count from the next tick on.
 * @param places of these instances
 */
export function feedDispersion(
  dispersion: Dispersion,
  instances: readonly InstanceCount[],
  places: Places,
  at: number,
): void {
  const { lengths } = dispersion;
  for (let b = 0; b < lengths.length; b++) {
    const blocks = lengths[b] as Blocks;
    makeRoom(blocks, places.seenAt.length);
    const { requests: served, errors: failed } = blocks;
    for (let i = 0; i < instances.length; i++) {
      const { requests, errors } = instances[i] as InstanceCount;
      const place = places.of[i] as number;
      served[place] = (served[place] as number) + requests;
      failed[place] = (failed[place] as number) + errors;
    }
    if (isWhole(blocks, at)) closeBlock(blocks, at);
  }
  dispersion.phi = temperingOf(largestPhi(lengths));
}

/** Room for so many instances. */
function makeRoom(blocks: Blocks, instances: number): void {
  if (blocks.requests.length >= instances) return;
  const room = Math.max(instances, 2 * blocks.requests.length);
  blocks.requests = grown(blocks.requests, room);
  blocks.errors = grown(blocks.errors, room);
}

export function grown(values: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(values);
  return larger;
}

/** Whether a block ends with a tick that ends at `at`. */
export const isWhole = (
  { from, seconds }: { readonly from: number; readonly seconds: BlockSeconds },
  at: number,
): boolean => at - from >= seconds * 1000 * NEARLY;

function largestPhi(lengths: readonly Blocks[]): number {
  let largest = 1;
  for (const blocks of lengths) largest = Math.max(largest, phiOf(blocks));
  return largest;
}

/** Instances without a request are left out of a block, and blocks with fewer than two instances say nothing. */
function closeBlock(blocks: Blocks, at: number): void {
  const { requests, errors } = blocks;
  let instances = 0;
  let served = 0;
  let failed = 0;
  for (let j = 0; j < requests.length; j++) {
    const own = requests[j] as number;
    if (own === 0) continue;
    instances += 1;
    served += own;
    failed += errors[j] as number;
  }
  if (instances > 1 && failed > 0) {
    blocks.events += failed;
    for (let j = 0; j < requests.length; j++) {
      const share = (requests[j] as number) / served;
      if (share > 0) blocks.spread += ((errors[j] as number) - failed * share) ** 2 / share / (instances - 1);
    }
  }
  for (let j = 0; j < requests.length; j++) requests[j] = errors[j] = 0;
  blocks.from = at;
}
