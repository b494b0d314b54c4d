import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { drawBinomial, drawMarked, seededChance, type Chance } from '../../src/replay/chance.ts';

/** Mean and variance of many draws. */
function moments(draw: (chance: Chance) => number, draws = 20_000): { mean: number; variance: number } {
  const chance = seededChance(7);
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < draws; i++) {
    const value = draw(chance);
    sum += value;
    squares += value * value;
  }
  const mean = sum / draws;
  return { mean, variance: squares / draws - mean * mean };
}

const near = (found: number, expected: number, part: number) =>
  assert.ok(Math.abs(found - expected) <= part * expected, `${found} for ${expected}`);

describe('seeded chance', () => {
  it('is the same for the same seed and another for another', () => {
    const of = (seed: number) => Array.from({ length: 5 }, seededChance(seed));
    assert.deepEqual(of(1), of(1));
    assert.notDeepEqual(of(1), of(2));
    assert.notDeepEqual(of(1), of(1 + 2 ** 32));
  });

  for (const [n, p] of [
    [40, 0.3],
    [5000, 0.001],
    [200, 0.97],
    [100_000, 0.4],
  ] as const)
    it(`draws ${n} trials at ${p} as the binomial distribution has them`, () => {
      const { mean, variance } = moments((chance) => drawBinomial(chance, n, p));
      near(mean, n * p, 0.02);
      near(variance, n * p * (1 - p), 0.06);
    });

  for (const [total, marked, drawn] of [
    [50, 20, 10],
    [1000, 10, 900],
    [100_000, 40_000, 30_000],
  ] as const)
    it(`draws ${drawn} of ${total} with ${marked} marked as the hypergeometric distribution has them`, () => {
      const { mean, variance } = moments((chance) => drawMarked(chance, total, marked, drawn));
      const share = marked / total;
      near(mean, drawn * share, 0.02);
      near(variance, (drawn * share * (1 - share) * (total - drawn)) / (total - 1), 0.06);
    });

  it('never draws what cannot be', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), fc.nat(6000), fc.nat(), (marked, plain, drawn, seed) => {
        const total = marked + plain;
        const chance = seededChance(seed);
        const met = drawMarked(chance, total, marked, Math.min(drawn, total));
        const missed = Math.min(drawn, total) - met;
        assert.ok(Number.isInteger(met) && met >= 0 && met <= marked && missed >= 0 && missed <= plain);
        const hits = drawBinomial(chance, marked, plain / 3000);
        assert.ok(Number.isInteger(hits) && hits >= 0 && hits <= marked);
      }),
    );
  });
});
