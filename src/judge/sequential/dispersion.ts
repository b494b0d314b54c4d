/** Section B: how much more errors vary than independent ones would. Errors come in batches, and evidence is divided by that. */
import type { InstanceCount } from '../tick.ts';

/** Requests and errors of each baseline instance in one block of time. */
export interface InstanceBlock {
  readonly requests: readonly number[];
  readonly errors: readonly number[];
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

/** phi0 and e0: before there is data, errors count as independent, with the weight of 50 errors. */
const PRIOR_PHI = 1;
const PRIOR_ERRORS = 50;
/** An estimate up to here is taken for chance. */
const NEGLIGIBLE = 1.2;
/** Above it the estimate is taken with a margin. */
const MARGIN = 1.5;
/** A block of ticks that come a little early is whole. */
const NEARLY = 0.9;

/** The two sums of the estimate. */
interface Sums {
  spread: number;
  errors: number;
}

const noSums = (): Sums => ({ spread: PRIOR_PHI * PRIOR_ERRORS, errors: PRIOR_ERRORS });

const phiOf = ({ spread, errors }: Sums): number => Math.max(1, spread / errors);

/** Instances without a request are left out of a block, and blocks with fewer than two instances say nothing. */
function addBlock(sums: Sums, block: InstanceBlock): void {
  let instances = 0;
  let requests = 0;
  let failed = 0;
  for (let j = 0; j < block.requests.length; j++) {
    const served = block.requests[j] ?? 0;
    if (served === 0) continue;
    instances += 1;
    requests += served;
    failed += block.errors[j] ?? 0;
  }
  if (instances < 2 || failed === 0) return;
  for (let j = 0; j < block.requests.length; j++) {
    const share = (block.requests[j] ?? 0) / requests;
    if (share > 0) sums.spread += ((block.errors[j] ?? 0) - failed * share) ** 2 / share / (instances - 1);
  }
  sums.errors += failed;
}

/**
 * How much more the errors of equal instances differ than independent errors would.
 *
 *     phi_hat = max(1, [phi0 e0 + sum_t sum_j (x_j - E_t w_j)^2 / w_j / (J - 1)] / [e0 + sum_t E_t]),  w_j = n_j / N
 */
export function estimatePhi(blocks: readonly InstanceBlock[]): number {
  const sums = noSums();
  for (const block of blocks) addBlock(sums, block);
  return phiOf(sums);
}

/** What evidence is divided by, from the largest estimate of the block lengths. */
export const temperingOf = (largestPhi: number): number =>
  largestPhi <= NEGLIGIBLE ? 1 : MARGIN * largestPhi;

interface Blocks {
  readonly seconds: BlockSeconds;
  readonly sums: Sums;
  /** The block that is not whole yet: when it began, and what each instance did in it. */
  from: number;
  readonly requests: number[];
  readonly errors: number[];
}

/** The estimate over all blocks that are over, for the ticks that follow. Changed in place by its owner. */
export interface Dispersion {
  /** What evidence is divided by now. */
  phi: number;
  readonly lengths: readonly Blocks[];
  /** Where each instance has its place in the blocks. */
  readonly places: Map<string, number>;
}

export function createDispersion(from: number, history: InstanceHistory): Dispersion {
  const lengths = BLOCK_SECONDS.map((seconds): Blocks => {
    const sums = noSums();
    for (const { length, blocks } of history)
      if (length === seconds) for (const block of blocks) addBlock(sums, block);
    return { seconds, sums, from, requests: [], errors: [] };
  });
  return { phi: temperingOf(largestPhi(lengths)), lengths, places: new Map() };
}

/** The estimates of each block length, for the record. */
export const phiByBlock = ({ lengths }: Dispersion): { seconds: BlockSeconds; phi: number }[] =>
  lengths.map(({ seconds, sums }) => ({ seconds, phi: phiOf(sums) }));

/** Adds what the instances did in a tick that ended at `at`. Blocks that are over by then count from the next tick on. */
export function feedDispersion(
  dispersion: Dispersion,
  instances: readonly InstanceCount[],
  at: number,
): void {
  const { lengths } = dispersion;
  for (let i = 0; i < instances.length; i++) {
    const instance = instances[i];
    if (instance === undefined || instance.requests === 0) continue;
    const place = placeOf(dispersion, instance, i);
    for (const { requests, errors } of lengths) {
      requests[place] = (requests[place] ?? 0) + instance.requests;
      errors[place] = (errors[place] ?? 0) + instance.errors;
    }
  }
  for (const blocks of lengths)
    if (at - blocks.from >= blocks.seconds * 1000 * NEARLY) closeBlock(blocks, at);
  dispersion.phi = temperingOf(largestPhi(lengths));
}

function largestPhi(lengths: readonly Blocks[]): number {
  let largest = 1;
  for (const { sums } of lengths) largest = Math.max(largest, phiOf(sums));
  return largest;
}

function closeBlock(blocks: Blocks, at: number): void {
  addBlock(blocks.sums, blocks);
  blocks.requests.fill(0);
  blocks.errors.fill(0);
  blocks.from = at;
}

/** Instances that have no name are told apart by their place in the list. */
function placeOf({ places, lengths }: Dispersion, { name }: InstanceCount, index: number): number {
  const called = name ?? String(index);
  const known = places.get(called);
  if (known !== undefined) return known;
  for (const { requests, errors } of lengths) {
    requests.push(0);
    errors.push(0);
  }
  places.set(called, places.size);
  return places.size - 1;
}
