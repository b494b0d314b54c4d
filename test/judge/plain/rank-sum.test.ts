import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { normalCdf, normalQuantile } from '../../../src/judge/plain/normal.ts';
import { rankSumTest, sorted, standardised, rankSum } from '../../../src/judge/plain/rank-sum.ts';
import { shiftBetween } from '../../../src/judge/plain/shift.ts';

const close = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);

/** All ways to choose `n` of the places 0 .. all - 1. */
function* choices(all: number, n: number, from = 0): Generator<number[]> {
  if (n === 0) return yield [];
  for (let i = from; i <= all - n; i++) for (const rest of choices(all, n - 1, i + 1)) yield [i, ...rest];
}

/** U by definition: pair by pair. */
function pairs(x: readonly number[], y: readonly number[]): number {
  let u = 0;
  for (const a of x) for (const b of y) u += a > b ? 1 : a === b ? 0.5 : 0;
  return u;
}

/** The two-sided p-value by going through every way in which the values could have fallen on the two samples. */
function enumerated(x: readonly number[], y: readonly number[]): number {
  const pooled = [...x, ...y];
  const middle = (x.length * y.length) / 2;
  const seen = Math.abs(pairs(x, y) - middle);
  let [as, all] = [0, 0];
  for (const chosen of choices(pooled.length, x.length)) {
    const a = chosen.map((i) => pooled[i] ?? 0);
    const b = pooled.filter((_, i) => !chosen.includes(i));
    all++;
    if (Math.abs(pairs(a, b) - middle) >= seen) as++;
  }
  return as / all;
}

const value = fc.integer({ min: -50, max: 50 });
const sample = fc.array(value, { minLength: 1, maxLength: 12 });

test('the normal distribution', () => {
  close(normalCdf(0), 0.5, 1e-16);
  close(normalCdf(1), 0.841344746068543, 1e-14);
  close(normalCdf(-1.96), 0.024997895148220435, 1e-15);
  close(normalCdf(3), 0.998650101968369, 1e-14);
  close(normalCdf(-6) / 9.865876450376946e-10, 1, 1e-12);
  close(normalQuantile(0.99), 2.326347874040841, 1e-12);
  close(normalQuantile(0.025), -1.959963984540054, 1e-12);
});

describe('the rank sum test', () => {
  // Hollander and Wolfe 1973, p. 69: the example in the manual page of R's wilcox.test.
  const permeabilityAtTerm = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
  const permeabilityEarlier = [1.15, 0.88, 0.9, 0.74, 1.21];

  test('as R: exact for small samples (W = 35, one-sided p = 0.1272)', () => {
    const { u, pValue, method } = rankSumTest(permeabilityAtTerm, permeabilityEarlier);
    assert.deepEqual([u, method], [35, 'exact']);
    close(pValue, 2 * 0.1272, 1e-4);
  });

  test('as R: normal approximation with ties (ozone in May and August: W = 127.5, p = 0.0001208)', () => {
    const may = [
      41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37,
    ];
    const august = [
      39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84,
      85,
    ];
    const { u, pValue, method } = rankSumTest(may, august);
    assert.deepEqual([u, method], [127.5, 'normal']);
    close(pValue, 0.0001208, 5e-8);
  });

  test('exact p-values are those of going through every arrangement', () => {
    const samples: Array<[number[], number[]]> = [
      [[1], [2]],
      [
        [3, 1, 5],
        [2, 4],
      ],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
      [
        [1, 9, 11, 12, 4],
        [2, 3, 5, 6, 7, 8],
      ],
      [[0.5], [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8]],
    ];
    for (const [x, y] of samples) close(rankSumTest(x, y).pValue, enumerated(x, y), 1e-12);
  });

  test('U is the number of pairs in which x is larger, whatever the ties', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        assert.equal(rankSum(sorted(x), sorted(y)).u, pairs(x, y));
      }),
    );
  });

  test('exchanging the samples keeps p and mirrors U', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const [there, back] = [rankSumTest(x, y), rankSumTest(y, x)];
        close(there.pValue, back.pValue, 1e-12);
        assert.equal(there.u + back.u, x.length * y.length);
      }),
    );
  });

  test('all values equal: no difference', () => {
    assert.equal(rankSumTest([7, 7, 7], [7, 7]).pValue, 1);
  });

  test('an empty sample is refused', () => {
    assert.throws(() => rankSumTest([], [1]), RangeError);
    assert.throws(() => shiftBetween([1], [], 0.98), RangeError);
  });
});

describe('the shift', () => {
  test('is the median of all differences', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const differences = x.flatMap((a) => y.map((b) => a - b)).toSorted((a, b) => a - b);
        const middle = differences.length / 2;
        const [low, high] = [differences[Math.ceil(middle) - 1] ?? 0, differences[Math.floor(middle)] ?? 0];
        close(shiftBetween(x, y, 0.95).estimate, (low + high) / 2, 1e-9);
      }),
    );
  });

  test('its interval holds the shifts that the test does not reject', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const { lower, upper } = shiftBetween(x, y, 0.9);
        const z = (shift: number) => standardised(rankSum(sorted(x), sorted(y), -shift), x.length, y.length);
        const least = Math.min(...x) - Math.max(...y);
        const most = Math.max(...x) - Math.min(...y);
        assert.ok(lower <= upper && lower >= least && upper <= most);
        const critical = normalQuantile(0.95);
        if (lower > least) assert.ok(z(lower - 1e-6) > critical && z(lower + 1e-6) <= critical);
        if (upper < most) assert.ok(z(upper - 1e-6) >= -critical && z(upper + 1e-6) < -critical);
      }),
    );
  });

  test('as R: wilcox.test(x, y, conf.int = TRUE, exact = FALSE)', () => {
    const { estimate, lower, upper } = shiftBetween([10, 20, 30, 40], [1, 2, 3, 4], 0.95);
    close(estimate, 22.5, 1e-9);
    close(lower, 6, 1e-9);
    close(upper, 39, 1e-9);
  });

  test('an interval that ends at 0 ends at 0, not beside it', () => {
    const mostlyEqual = shiftBetween([0.1 + 0.2, 1, 2, 3], [0.3, 1, 2, 2.5], 0.9);
    assert.equal(mostlyEqual.estimate, 0);
    const constants = shiftBetween([4, 4, 4, 4, 5], [4, 4, 4, 4, 4], 0.6);
    assert.deepEqual([constants.lower, constants.estimate, constants.upper], [0, 0, 0]);
  });

  test('moves with the sample', () => {
    const y = [1.1, 2.2, 2.9, 4.3, 5.1, 6.2, 7.7];
    const x = [1.4, 2.5, 3.1, 4.9, 5.6, 6.8, 8.1];
    const here = shiftBetween(x, y, 0.95);
    const there = shiftBetween(
      x.map((a) => a + 10),
      y,
      0.95,
    );
    for (const key of ['estimate', 'lower', 'upper'] as const) close(there[key] - here[key], 10, 1e-9);
  });
});
