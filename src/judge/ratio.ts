import { addEvidence, createMixture, openTick, type Grid, type Mixture, type Onset } from './mixture.ts';

/** Requests of both arms, and how many of them had the event that is compared (failed, or were slow). */
export interface PairedCounts {
  readonly canaryRequests: number;
  readonly baselineRequests: number;
  readonly canaryEvents: number;
  readonly baselineEvents: number;
}

/** Evidence that the canary's rate of events is another multiple of the baseline's than `rho0`. Changed in place by its owner. */
export interface RatioTest {
  readonly rho0: number;
  /** ln(rho_k / rho0). */
  readonly logRatios: Float64Array;
  readonly mixture: Mixture;
}

export const createRatioTest = (grid: Grid, rho0: number, onset: Onset): RatioTest => ({
  rho0,
  logRatios: Float64Array.from(grid.rho, (rho) => Math.log(rho / rho0)),
  mixture: createMixture(grid, onset),
});

/**
 * Feeds one tick. Given who had how many requests, each event falls on the canary with a probability that depends on the
 * ratio alone, whatever the common rate is; hence drift shared by both arms and changes of the split do no harm.
 *
 *     inc_k = [eC ln(rho_k / rho0) - (eC + eB) ln((1 + s (rho_k - 1)) / (1 + s (rho0 - 1)))] / phi,  s = nC / (nC + nB)
 *
 * A tick in which an arm had no request says nothing and changes nothing.
 * @param phi how much more the events vary than independent ones would (1 = independent)
 */
export function feedRatio(test: RatioTest, counts: PairedCounts, phi: number): void {
  const { canaryRequests, baselineRequests, canaryEvents } = counts;
  if (canaryRequests === 0 || baselineRequests === 0) return;
  openTick(test.mixture);
  const events = canaryEvents + counts.baselineEvents;
  if (events === 0) return;
  const share = canaryRequests / (canaryRequests + baselineRequests);
  const underNull = Math.log1p(share * (test.rho0 - 1));
  const { rho } = test.mixture.grid;
  for (let k = 0; k < rho.length; k++) {
    const shift = Math.log1p(share * ((rho[k] ?? 1) - 1)) - underNull;
    addEvidence(test.mixture, k, (canaryEvents * (test.logRatios[k] ?? 0) - events * shift) / phi);
  }
}
