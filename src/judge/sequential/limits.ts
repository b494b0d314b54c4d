/** Section D: tests of one arm against a limit. */
import {
  capStep,
  createMixture,
  createStep,
  feedStep,
  RATE_GRID,
  setStep,
  type Grid,
  type Mixture,
  type Onset,
} from './mixture.ts';

/** Evidence that one arm's rate is over (or, with ratios below 1, under) a limit. Changed in place by its owner. */
export interface LimitTest {
  /** Increment of alternative k for each event, and for each unit of exposure without one. */
  readonly perEvent: Float64Array;
  readonly perExposure: Float64Array;
  readonly mixture: Mixture;
}

/**
 * Tests a share of requests against `p0`: `x ln rho_k + (n - x) ln((1 - rho_k p0) / (1 - p0))`.
 * Alternatives with `rho_k p0 >= 1` are dropped and the weights renormalised.
 * Feed it with the requests that had the event and, as exposure, those that had not.
 * @param p0 between 0 and 1, both excluded
 * @throws RangeError for another p0
 */
export function createShareLimit(p0: number, onset: Onset, grid: Grid = RATE_GRID): LimitTest {
  if (!(p0 > 0 && p0 < 1))
    throw new RangeError(`a share of requests can be tested against a limit between 0 and 1, not ${p0}`);
  const possible = below(grid, 1 / p0);
  return {
    perEvent: Float64Array.from(possible.rho, Math.log),
    perExposure: Float64Array.from(possible.rho, (rho) => Math.log((1 - rho * p0) / (1 - p0))),
    mixture: createMixture(possible, onset),
  };
}

/**
 * Tests a rate of events in time against `lambda0`: `x ln rho_k - (rho_k - 1) lambda0 m`.
 * Feed it with the events and, as exposure, the time m in the unit of `lambda0`.
 * @param lambda0 events per unit of time, above 0
 * @throws RangeError for another lambda0
 */
export function createRateLimit(lambda0: number, onset: Onset): LimitTest {
  if (!(lambda0 > 0)) throw new RangeError(`a rate can be tested against a limit above 0, not ${lambda0}`);
  return {
    perEvent: Float64Array.from(RATE_GRID.rho, Math.log),
    perExposure: Float64Array.from(RATE_GRID.rho, (rho) => (1 - rho) * lambda0),
    mixture: createMixture(RATE_GRID, onset),
  };
}

/** Room for the tick that is fed; nothing in it outlives a call. */
const STEP = createStep();

/**
 * Feeds one tick; one without events and exposure changes nothing.
 * @param most that one tick may say for an alternative, in nats: see `capStep`
 */
export function feedLimit(
  test: LimitTest,
  events: number,
  exposure: number,
  phi: number,
  most = Infinity,
): void {
  if (events === 0 && exposure === 0) return;
  setStep(STEP, events / phi, test.perEvent, exposure / phi, test.perExposure);
  capStep(STEP, most);
  feedStep(test.mixture, STEP);
}

/** The alternatives under `ceiling`; where none is, the one half-way to it. */
function below(grid: Grid, ceiling: number): Grid {
  const kept = grid.rho.flatMap((rho, k) => (rho < ceiling ? [{ rho, weight: grid.weights[k] ?? 0 }] : []));
  if (kept.length === 0) return { rho: [(1 + ceiling) / 2], weights: [1] };
  const total = kept.reduce((sum, { weight }) => sum + weight, 0);
  return { rho: kept.map(({ rho }) => rho), weights: kept.map(({ weight }) => weight / total) };
}
