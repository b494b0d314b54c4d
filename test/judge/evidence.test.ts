import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { combine } from '../../src/judge/sequential/combined.ts';
import { createRateLimit, createShareLimit, feedLimit } from '../../src/judge/sequential/limits.ts';
import { logAddExp, logSumExp } from '../../src/judge/logmath.ts';
import {
  FROM_THE_START,
  logEOf,
  onsetWithin,
  RATE_GRID,
  type Grid,
} from '../../src/judge/sequential/mixture.ts';
import { estimatePhi, temperingOf } from '../../src/judge/sequential/dispersion.ts';
import { createRatioTest, feedRatio, type PairedCounts } from '../../src/judge/sequential/ratio.ts';

const near = (a: number, b: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a), Math.abs(b)), `${a} is not ${b}`);

const counts: fc.Arbitrary<PairedCounts> = fc
  .record({ canaryRequests: fc.nat(200), baselineRequests: fc.nat(2000), c: fc.nat(30), b: fc.nat(60) })
  .map(({ canaryRequests, baselineRequests, c, b }) => ({
    canaryRequests,
    baselineRequests,
    canaryEvents: Math.min(c, canaryRequests),
    baselineEvents: Math.min(b, baselineRequests),
  }));
const history = fc.array(counts, { minLength: 1, maxLength: 12 });

const run = (ticks: readonly PairedCounts[], onset = FROM_THE_START, phi = 1) => {
  const ratio = createRatioTest(RATE_GRID, 1, onset);
  for (const tick of ticks) feedRatio(ratio, tick, phi);
  return logEOf(ratio.mixture);
};

/** The same evidence from its definition: for every alternative and every onset, the likelihood ratio of all that came after. */
function naive(grid: Grid, ticks: readonly PairedCounts[], planned: number, phi: number): number {
  const served = ticks.filter((tick) => tick.canaryRequests > 0 && tick.baselineRequests > 0);
  const terms: number[] = [];
  let spent = 0;
  served.forEach((_, onset) => {
    const prior = onset === 0 ? 0.5 + 0.5 / planned : 0.5 / planned;
    spent += prior;
    grid.rho.forEach((rho, k) => {
      let logLikelihood = 0;
      for (const { canaryRequests: nC, baselineRequests: nB, canaryEvents, baselineEvents } of served.slice(
        onset,
      )) {
        const usual = nC / (nC + nB);
        const altered = (nC * rho) / (nC * rho + nB);
        logLikelihood += canaryEvents * Math.log(altered / usual);
        logLikelihood += baselineEvents * Math.log((1 - altered) / (1 - usual));
      }
      terms.push(Math.log(grid.weights[k] ?? 0) + Math.log(prior) + logLikelihood / phi);
    });
  });
  return logSumExp([...terms, Math.log(1 - spent)]);
}

describe('logarithms', () => {
  test('sums of exponentials agree with plain arithmetic, and survive what that does not', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: -50, max: 50, noNaN: true }),
        (a, b) => {
          near(logAddExp(a, b), Math.log(Math.exp(a) + Math.exp(b)));
          near(logSumExp([a, b]), logAddExp(a, b));
        },
      ),
    );
    near(logSumExp([5000, 5000]), 5000 + Math.LN2);
    assert.equal(logAddExp(-Infinity, 3), 3);
    assert.equal(logAddExp(-Infinity, -Infinity), -Infinity);
    assert.equal(logSumExp([]), -Infinity);
  });

  test('a missing part leaves its weight to the others', () => {
    const [ten, four, one] = [10, 4, 1].map(Math.log) as [number, number, number];
    near(Math.exp(combine(ten, four, one)), 6.4);
    near(Math.exp(combine(ten, null, one)), 5.2 / 0.7);
    near(Math.exp(combine(ten, four, null)), 6.2 / 0.8);
    near(combine(ten, null, null), ten);
  });
});

describe('ratio test', () => {
  test('folding tick by tick gives what the definition gives', () => {
    fc.assert(
      fc.property(history, fc.constantFrom(1, 2.5), (ticks, phi) => {
        near(run(ticks, onsetWithin(20), phi), naive(RATE_GRID, ticks, 20, phi), 1e-8);
      }),
    );
  });

  test('without an onset the order of ticks does not matter', () => {
    fc.assert(fc.property(history, (ticks) => near(run(ticks), run(ticks.toReversed()))));
  });

  test('one tick cut in two with the same split and rates is the same evidence', () => {
    fc.assert(
      fc.property(counts, (half) => {
        const whole = Object.fromEntries(
          Object.entries(half).map(([name, n]) => [name, 2 * n]),
        ) as unknown as PairedCounts;
        near(run([half, half]), run([whole]));
      }),
    );
  });

  test('one more error on the canary is more evidence, one more on the baseline is less', () => {
    fc.assert(
      fc.property(history, counts, (ticks, last) => {
        const worse = run([...ticks, { ...last, canaryEvents: last.canaryEvents + 1 }]);
        const better = run([...ticks, { ...last, baselineEvents: last.baselineEvents + 1 }]);
        assert.ok(worse >= run([...ticks, last]) - 1e-9);
        assert.ok(better <= run([...ticks, last]) + 1e-9);
      }),
    );
  });

  test('a one-sided tick changes nothing', () => {
    const some = { canaryRequests: 10, baselineRequests: 90, canaryEvents: 2, baselineEvents: 1 };
    const onset = onsetWithin(5);
    const before = run([some], onset);
    assert.equal(run([some, { ...some, baselineRequests: 0, baselineEvents: 0 }], onset), before);
    assert.equal(run([some, { ...some, canaryRequests: 0, canaryEvents: 0 }], onset), before);
  });

  test('under equal arms E is 1 on average, whatever the split, so that betting on harm does not pay', () => {
    const onset = onsetWithin(3);
    const outcomes = (errors: number, share: number) =>
      Array.from({ length: errors + 1 }, (_, onCanary) => ({
        onCanary,
        probability: binomial(errors, onCanary) * share ** onCanary * (1 - share) ** (errors - onCanary),
      }));
    const tick = (canaryRequests: number, errors: number, onCanary: number): PairedCounts => ({
      canaryRequests,
      baselineRequests: 100 - canaryRequests,
      canaryEvents: onCanary,
      baselineEvents: errors - onCanary,
    });
    let mean = 0;
    for (const first of outcomes(4, 0.1))
      for (const second of outcomes(3, 0.5))
        mean +=
          first.probability *
          second.probability *
          Math.exp(run([tick(10, 4, first.onCanary), tick(50, 3, second.onCanary)], onset));
    near(mean, 1);
  });
});

describe('limits', () => {
  test('at the limit E is 1 on average', () => {
    let mean = 0;
    for (let x = 0; x <= 12; x++) {
      const limit = createShareLimit(0.2, onsetWithin(4));
      feedLimit(limit, x, 12 - x, 1);
      mean += binomial(12, x) * 0.2 ** x * 0.8 ** (12 - x) * Math.exp(logEOf(limit.mixture));
    }
    near(mean, 1);
  });

  test('alternatives beyond certainty are dropped and the rest keeps the whole stake', () => {
    const limit = createShareLimit(0.4, FROM_THE_START);
    assert.deepEqual(limit.mixture.grid.rho, [1.25, 1.5, 2]);
    near(
      limit.mixture.grid.weights.reduce((a, b) => a + b, 0),
      1,
    );
    const high = createShareLimit(0.9, FROM_THE_START);
    feedLimit(high, 200, 0, 1);
    assert.ok(logEOf(high.mixture) > Math.log(100));
  });

  test('crashes at the allowed rate are no evidence, ten times as many are', () => {
    const evidence = (crashes: number) => {
      const limit = createRateLimit(1, FROM_THE_START);
      feedLimit(limit, crashes, 3, 1);
      return logEOf(limit.mixture);
    };
    assert.ok(evidence(3) < 0);
    assert.ok(evidence(30) > Math.log(1000));
  });

  test('a limit that nothing can be tested against is refused', () => {
    for (const p0 of [0, 1, -1, 5, Number.NaN])
      assert.throws(() => createShareLimit(p0, FROM_THE_START), RangeError);
    assert.throws(() => createRateLimit(0, FROM_THE_START), RangeError);
  });
});

describe('overdispersion', () => {
  test('independent errors are not tempered, bursts are', () => {
    assert.equal(temperingOf(1.2), 1);
    near(temperingOf(2), 3);
    const burst = { requests: [100, 100, 100, 100], errors: [40, 0, 0, 0] };
    assert.ok(estimatePhi([burst]) > 10);
    assert.equal(estimatePhi([{ requests: [100, 100], errors: [1, 1] }]), 1);
  });

  test('a block of a single instance, or without requests, says nothing', () => {
    assert.equal(estimatePhi([{ requests: [100, 0], errors: [50, 0] }]), 1);
  });
});

function binomial(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}
