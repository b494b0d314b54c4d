import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createCounts, readCounts } from '../../src/judge/counts.ts';
import {
  countFrom,
  createHistogram,
  quantile,
  recordLatency,
  type Histogram,
} from '../../src/judge/histogram.ts';
import {
  createLatencyTest,
  feedLatency,
  LATENCY_QUANTILES,
  latencyLogE,
  setThresholds,
  type LatencyTest,
} from '../../src/judge/sequential/latency.ts';
import { logSumExp } from '../../src/judge/logmath.ts';
import { FROM_THE_START, LATENCY_GRID, logEOf } from '../../src/judge/sequential/mixture.ts';
import { createRatioTest, feedRatio } from '../../src/judge/sequential/ratio.ts';

const latencies = fc.array(fc.double({ min: 1, max: 10_000, noNaN: true }), {
  minLength: 1,
  maxLength: 80,
});

const histogramOf = (values: readonly number[]) => {
  const histogram = createHistogram();
  for (const ms of values) recordLatency(histogram, ms);
  return histogram;
};

const answers = (histogram: Histogram) => {
  const latency = createCounts();
  readCounts(latency, histogram);
  return { latency, slowClients: undefined };
};

const PHI = new Float64Array(LATENCY_QUANTILES.length).fill(1);

const learn = (latency: LatencyTest, past: Histogram) => setThresholds(latency, past, countFrom(past, 0));

const feed = (latency: LatencyTest, canary: Histogram, baseline: Histogram) =>
  feedLatency(latency, answers(canary), answers(baseline), countFrom(canary, 0), countFrom(baseline, 0), PHI);

/** From the definition: how many raw latencies are above the threshold and above the canary's multiple of it. */
function naive(
  past: readonly number[],
  canary: readonly number[],
  baseline: readonly number[],
  scale: number,
) {
  return logSumExp(
    LATENCY_QUANTILES.map(({ p, weight }) => {
      const threshold = quantile(histogramOf(past), p);
      const slower = (values: readonly number[], limit: number) =>
        values.filter((ms) => ms >= limit * (1 - 1e-9)).length;
      const ratio = createRatioTest(LATENCY_GRID, 1, FROM_THE_START);
      const counts = {
        canaryRequests: canary.length,
        baselineRequests: baseline.length,
        canaryEvents: slower(canary, threshold * scale),
        baselineEvents: slower(baseline, threshold),
      };
      feedRatio(ratio, counts, 1);
      return Math.log(weight) + logEOf(ratio.mixture);
    }),
  );
}

describe('latency', () => {
  test('counts what is slower than the quantiles of the past, for an issue than 1.10 times them', () => {
    fc.assert(
      fc.property(latencies, latencies, latencies, (past, canary, baseline) => {
        const latency = createLatencyTest(FROM_THE_START);
        learn(latency, histogramOf(past));
        feed(latency, histogramOf(canary), histogramOf(baseline));
        assert.ok(Math.abs(latencyLogE(latency, 'warning') - naive(past, canary, baseline, 1)) < 1e-9);
        assert.ok(Math.abs(latencyLogE(latency, 'issue') - naive(past, canary, baseline, 1.02 ** 5)) < 1e-9);
      }),
    );
  });

  test('a canary that is 8% slower is warned about and not found guilty', () => {
    const spread = (scale: number) =>
      histogramOf(Array.from({ length: 400 }, (_, i) => scale * (50 + ((i * 37) % 100))));
    const latency = createLatencyTest(FROM_THE_START);
    learn(latency, spread(1));
    for (let tick = 0; tick < 50; tick++) feed(latency, spread(1.08), spread(1));
    assert.ok(latencyLogE(latency, 'warning') > Math.log(10));
    assert.ok(latencyLogE(latency, 'issue') < 0);
  });

  test('without a past, or without answers on one arm, nothing is compared', () => {
    const latency = createLatencyTest(FROM_THE_START);
    feed(latency, histogramOf([900, 900]), histogramOf([1, 1]));
    learn(latency, histogramOf([1, 1, 1]));
    feed(latency, histogramOf([900, 900]), createHistogram());
    assert.ok(Math.abs(latencyLogE(latency, 'issue')) < 1e-12);
    feed(latency, histogramOf([900, 900]), histogramOf([1, 1]));
    assert.ok(latencyLogE(latency, 'issue') > 0);
  });
});
