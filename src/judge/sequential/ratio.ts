/** Section A: whether the canary's rate of events is larger than the baseline's. */
import {
  capStep,
  createMixture,
  createStep,
  feedStep,
  setStep,
  type Grid,
  type Mixture,
  type Onset,
  type Step,
} from './mixture.ts';

/** Requests of both arms, and how many of them had the event that is compared (failed, or were slow). */
export interface PairedCounts {
  readonly canaryRequests: number;
  readonly baselineRequests: number;
  readonly canaryEvents: number;
  readonly baselineEvents: number;
}

/** What each alternative makes of the split between the arms; of one tick, and shared by all tests with the same alternatives. */
export interface Split {
  readonly rho: readonly number[];
  readonly rho0: number;
  /** ln(rho_k / rho0). */
  readonly logRatios: Float64Array;
  /** ln((1 + s (rho_k - 1)) / (1 + s (rho0 - 1))) of this share s of the canary. */
  readonly shifts: Float64Array;
  share: number;
}

/** Evidence that the canary's rate of events is another multiple of the baseline's than `rho0`. Changed in place by its owner. */
export interface RatioTest {
  readonly split: Split;
  readonly mixture: Mixture;
}

export const createSplit = ({ rho }: Grid, rho0: number): Split => ({
  rho,
  rho0,
  logRatios: Float64Array.from(rho, (ratio) => Math.log(ratio / rho0)),
  shifts: new Float64Array(rho.length),
  share: Number.NaN,
});

export const createRatioTest = (grid: Grid, rho0: number, onset: Onset): RatioTest => ({
  split: createSplit(grid, rho0),
  mixture: createMixture(grid, onset),
});

/** @param share of all requests that the canary had */
export function setShare(split: Split, share: number): void {
  if (share === split.share) return;
  split.share = share;
  const { rho, rho0, shifts } = split;
  const underNull = rho0 === 1 ? 0 : Math.log1p(share * (rho0 - 1));
  for (let k = 0; k < rho.length; k++) shifts[k] = Math.log1p(share * ((rho[k] ?? 1) - 1)) - underNull;
}

/**
 * Feeds one tick. Given who had how many requests, each event falls on the canary with a probability that depends on the
 * ratio alone, whatever the common rate is; hence drift shared by both arms and changes of the split do no harm.
 *
 *     inc_k = [eC ln(rho_k / rho0) - (eC + eB) ln((1 + s (rho_k - 1)) / (1 + s (rho0 - 1)))] / phi,  s = nC / (nC + nB)
 *
 * A tick in which an arm had no request says nothing and changes nothing.
 * @param phi how much more the events vary than independent ones would (1 = independent)
 * @param most that one tick may say for an alternative, in nats: see `capStep`
 */
export function feedRatio(
  { split, mixture }: RatioTest,
  counts: PairedCounts,
  phi: number,
  most = Infinity,
): void {
  const { canaryRequests, baselineRequests, canaryEvents, baselineEvents } = counts;
  if (canaryRequests === 0 || baselineRequests === 0) return;
  setShare(split, canaryRequests / (canaryRequests + baselineRequests));
  setEvents(STEP, split, canaryEvents, baselineEvents, phi);
  capStep(STEP, most);
  feedStep(mixture, STEP);
}

/** Room for the tick that is fed; nothing in it outlives a call. */
const STEP = createStep();

/** What a tick does to the alternatives, at the share that `split` has been set to. */
export function setEvents(
  step: Step,
  { logRatios, shifts }: Split,
  canaryEvents: number,
  baselineEvents: number,
  phi: number,
): void {
  setStep(step, canaryEvents / phi, logRatios, -(canaryEvents + baselineEvents) / phi, shifts);
}
