import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthy } from '../../../bench/judge/scenarios.ts';
import { poisson } from '../../../bench/judge/stream/poisson.ts';
import { createRandom } from '../../../bench/judge/stream/random.ts';
import type { Scenario } from '../../../bench/judge/stream/scenario.ts';
import { Stream } from '../../../bench/judge/stream/stream.ts';
import { Trials } from '../../../bench/judge/stream/trials.ts';
import { bucketOf, countFrom, createHistogram, mergeInto, quantile } from '../../../src/judge/index.ts';
import { twins } from './support.ts';

/** Of independent draws. */
function meanAndVariance(draws: readonly number[]) {
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length;
  return { mean, variance };
}

const near = (actual: number, expected: number, part: number) =>
  assert.ok(Math.abs(actual - expected) <= part * expected, `${actual}, not ${expected}`);

function drawn(scenario: Scenario, seconds: number, counting: 'request' | 'client' = 'request') {
  const stream = new Stream({ scenario, seed: 7, counting });
  return Array.from({ length: seconds }, () => structuredClone(stream.next([])));
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** From an implementation of sfc32 and splitmix32 in another language. */
const WORDS_OF_SEED_1 = [2_420_951_833, 2_513_034_076, 3_847_892_949];

describe('sources of chance', () => {
  test('a seed is the same numbers everywhere, and its neighbour has others', () => {
    const first = createRandom(1);
    assert.deepEqual([first.word(), first.word(), first.word()], WORDS_OF_SEED_1);
    assert.notEqual(createRandom(2).word(), createRandom(1).word());
  });

  test('trials by their gaps are binomial, for small and large probabilities', () => {
    for (const p of [0.003, 0.1, 0.7]) {
      const trials = new Trials(createRandom(3), p);
      const { mean, variance } = meanAndVariance(Array.from({ length: 40_000 }, () => trials.take(50)));
      near(mean, 50 * p, 0.03);
      near(variance, 50 * p * (1 - p), 0.05);
    }
    assert.equal(new Trials(createRandom(3), 0).take(1e9), 0);
    assert.equal(new Trials(createRandom(3), 1).take(5), 5);
  });

  test('successes lie anywhere among the trials', () => {
    const trials = new Trials(createRandom(4), 0.2);
    const places: number[] = [];
    const seen = Array.from({ length: 40_000 }, () => places.slice(0, trials.take(10, places))).flat();
    for (let place = 0; place < 10; place++) near(seen.filter((one) => one === place).length, 8000, 0.05);
  });

  test('arrivals are Poisson', () => {
    for (const mean of [0.4, 20, 180]) {
      const source = poisson(createRandom(5), mean);
      const figures = meanAndVariance(Array.from({ length: 60_000 }, source));
      near(figures.mean, mean, 0.02);
      near(figures.variance, mean, 0.03);
    }
    assert.equal(poisson(createRandom(5), 0)(), 0);
  });
});

describe('streams', () => {
  test('equal seeds give equal ticks', () => {
    assert.deepEqual(drawn(healthy.bursts(0.01), 50), drawn(healthy.bursts(0.01), 50));
  });

  test('both arms have the traffic, errors and latency that the scenario says', () => {
    const ticks = drawn(twins(0.02), 4000);
    for (const [arm, perSecond] of [
      ['canary', 20],
      ['baseline', 180],
    ] as const) {
      const requests = sumOf(ticks.map((tick) => tick[arm].requests));
      near(requests, 4000 * perSecond, 0.01);
      near(sumOf(ticks.map((tick) => tick[arm].errors)), 0.02 * requests, 0.1);
      const latencies = createHistogram();
      for (const tick of ticks) mergeInto(latencies, tick[arm].latency);
      near(quantile(latencies, 0.5), 100, 0.03);
      near(quantile(latencies, 0.95), 100 * Math.exp(0.5 * 1.645), 0.03);
    }
  });

  test('stable instances share their arm evenly, and their counts are the arm’s', () => {
    for (const { baseline, stableInstances = [] } of drawn(healthy.bursts(0.01), 500)) {
      const requests = stableInstances.map((instance) => instance.requests);
      assert.equal(sumOf(requests), baseline.requests);
      assert.ok(Math.max(...requests) - Math.min(...requests) <= 1);
      assert.equal(sumOf(stableInstances.map((instance) => instance.errors)), baseline.errors);
    }
  });

  test('slow answers of the instances are the arm’s, and those of a paused one are all slow', () => {
    const slowFrom = [100, 190, 228, 320].map((ms) => bucketOf(ms) + 1);
    const stream = new Stream({ scenario: healthy.pauses(), seed: 3, counting: 'request' });
    let pauses = 0;
    for (let second = 0; second < 2000; second++) {
      const { baseline, stableInstances = [] } = stream.next([], slowFrom);
      slowFrom.forEach((bucket, q) => {
        const counted = sumOf(stableInstances.map(({ slow }) => slow?.[q] ?? 0));
        assert.equal(counted, countFrom(baseline.latency, bucket));
      });
      pauses += stableInstances.filter(({ requests, slow }) => (slow?.[1] ?? 0) > 0.6 * requests).length;
    }
    near(pauses, (2000 * 9) / 60, 0.15);
  });

  test('a slow instance is slow for a while, and one at a time', () => {
    const slowFrom = [100, 190, 228, 320].map((ms) => bucketOf(ms) + 1);
    const stream = new Stream({ scenario: healthy.slowInstances(), seed: 3, counting: 'request' });
    let slow = 0;
    let requests = 0;
    for (let second = 0; second < 10_000; second++)
      for (const instance of stream.next([], slowFrom).stableInstances ?? []) {
        slow += instance.slow?.[0] ?? 0;
        requests += instance.requests;
      }
    // Half, and while an instance is 30% slower 70%: 20 s in 620.
    near(slow / requests, 0.5 + (0.2 * 20) / 620, 0.01);
  });

  test('bursts leave the error rate as it is, and vary more than independent errors', () => {
    const ticks = drawn(healthy.bursts(0.01), 20_000);
    const errors = ticks.map(({ baseline }) => baseline.errors);
    near(sumOf(errors), 0.01 * sumOf(ticks.map(({ baseline }) => baseline.requests)), 0.1);
    const minutes = Array.from({ length: 333 }, (_, i) => sumOf(errors.slice(60 * i, 60 * i + 60)));
    const { mean, variance } = meanAndVariance(minutes);
    assert.ok(variance > 1.3 * mean, `variance ${variance} of ${mean}`);
  });

  test('looping clients make half of the errors, or one each where clients are counted', () => {
    const errorsOf = (counting: 'request' | 'client') =>
      sumOf(
        drawn(healthy.sticky(0.01, 20), 4000, counting).map(
          ({ canary, baseline }) => canary.errors + baseline.errors,
        ),
      );
    near(errorsOf('request'), 8000, 0.06);
    near(errorsOf('client'), 4000 + 20, 0.06);
  });

  test('of a client that is slow again and again, the slow answers count once', () => {
    const scenario = { ...healthy.sticky(0.01, 20), requestsPerSecond: 0.0001 };
    const stream = new Stream({ scenario, seed: 1, counting: 'client' });
    let slow = 0;
    for (let second = 0; second < 2000; second++) {
      const { canary, baseline } = stream.next([300]);
      slow += (canary.slowClients?.get(300) ?? 0) + (baseline.slowClients?.get(300) ?? 0);
    }
    assert.ok(slow >= 15 && slow <= 22, `${slow} slow clients`);
  });
});
