import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { createRateLimit, createShareLimit, feedLimit } from '../../src/judge/sequential/limits.ts';
import {
  createStep,
  feedStep,
  FROM_THE_START,
  HEALTHY_GRID,
  LATENCY_GRID,
  logEOf,
  onsetWithin,
  RATE_GRID,
  type Grid,
} from '../../src/judge/sequential/mixture.ts';
import { estimatePhi } from '../../src/judge/sequential/dispersion.ts';
import { createRatioTest, feedRatio, setEvents, setShare } from '../../src/judge/sequential/ratio.ts';
import { createLatencyTest, LATENCY_QUANTILES, latencyLogE } from '../../src/judge/sequential/latency.ts';

/** Reference results, computed with 60 digits. */
interface Interval {
  readonly nC: number;
  readonly nB: number;
  readonly eC: number;
  readonly eB: number;
}
type Vector =
  | {
      id: string;
      kind: 'ratio_grid';
      input: {
        intervals: Interval[];
        rho: keyof typeof GRIDS;
        rho0: number;
        pi0: number;
        N?: number;
        phi?: number[];
      };
      logE: number;
    }
  | { id: string; kind: 'slo_bernoulli'; input: { n: number; x: number; p0: number }; logE: number }
  | {
      id: string;
      kind: 'slo_poisson';
      input: { crashes: number; pod_minutes: number; lambda0: number };
      logE: number;
    }
  | {
      id: string;
      kind: 'latency_mix';
      input: {
        thresholds: string[];
        weights: number[];
        counts: { nC: number; nB: number; xC: number; xB: number }[];
      };
      logE: number;
    }
  | { id: string; kind: 'phi_hat'; input: { blocks: { n: number[]; e: number[] }[] }; phi: number };
interface Reference {
  grids: Record<keyof typeof GRIDS, { rho: number[]; w: number[] }>;
  tolerance_abs_logE: number;
  vectors: Vector[];
}

const GRIDS = { RHO8: RATE_GRID, RHO_L7: LATENCY_GRID, RHO_SAFE5: HEALTHY_GRID } satisfies Record<
  string,
  Grid
>;
const reference = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Reference;

function computed(vector: Vector): number {
  switch (vector.kind) {
    case 'ratio_grid': {
      const { intervals, rho, rho0, pi0, N, phi } = vector.input;
      const ratio = createRatioTest(
        GRIDS[rho],
        rho0,
        pi0 === 1 || N === undefined ? FROM_THE_START : onsetWithin(N),
      );
      intervals.forEach(({ nC, nB, eC, eB }, i) =>
        feedRatio(
          ratio,
          { canaryRequests: nC, baselineRequests: nB, canaryEvents: eC, baselineEvents: eB },
          phi?.[i] ?? 1,
        ),
      );
      return logEOf(ratio.mixture);
    }
    case 'slo_bernoulli': {
      const { n, x, p0 } = vector.input;
      const limit = createShareLimit(p0, FROM_THE_START);
      feedLimit(limit, x, n - x, 1);
      return logEOf(limit.mixture);
    }
    case 'slo_poisson': {
      const { crashes, pod_minutes: minutes, lambda0 } = vector.input;
      const limit = createRateLimit(lambda0, FROM_THE_START);
      feedLimit(limit, crashes, minutes, 1);
      return logEOf(limit.mixture);
    }
    case 'latency_mix': {
      const test = createLatencyTest(FROM_THE_START);
      const step = createStep();
      vector.input.counts.forEach(({ nC, nB, xC, xB }, i) => {
        setShare(test.split, nC / (nC + nB));
        setEvents(step, test.split, xC, xB, 1);
        const quantile = test.quantiles[i];
        if (quantile !== undefined) feedStep(quantile.issue, step);
      });
      return latencyLogE(test, 'issue');
    }
    case 'phi_hat':
      return estimatePhi(vector.input.blocks.map(({ n, e }) => ({ requests: n, errors: e })));
  }
}

describe('reference vectors', () => {
  test('every grid is the reference grid', () => {
    for (const name of ['RHO8', 'RHO_L7', 'RHO_SAFE5'] as const) {
      assert.deepEqual(GRIDS[name].rho, reference.grids[name].rho);
      assert.deepEqual(GRIDS[name].weights, reference.grids[name].w);
    }
  });

  test('none is left out', () => assert.equal(reference.vectors.length, 13));

  test('the quantiles of latency are the reference ones', () => {
    const mix = reference.vectors.find((vector) => vector.kind === 'latency_mix');
    assert.deepEqual(
      LATENCY_QUANTILES.map(({ p, weight }) => [`p${p * 100}`, weight]),
      mix?.input.thresholds.map((name, i) => [name, mix.input.weights[i]]),
    );
  });

  for (const vector of reference.vectors)
    test(`${vector.id} ${vector.kind}`, () => {
      const expected = vector.kind === 'phi_hat' ? vector.phi : vector.logE;
      const difference = Math.abs(computed(vector) - expected);
      assert.ok(difference <= reference.tolerance_abs_logE, `off by ${difference}`);
    });
});
