import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import type { Batch } from './batch.ts';
import { addFigures, figureLines, noFigures } from './figures.ts';
import { playAll } from './pool.ts';
import { failureText } from './report.ts';
import { simulate } from './simulation.ts';

/** Enough to meet every kind of fault often; `make simulate SEEDS=10000` plays more. */
const SEEDS = 300;
const BATCH = 25;
const REPLAYED = 50;

describe('simulation', () => {
  it('keeps every invariant in every story', async (t) => {
    const batches: Batch[] = [];
    for (let from = 1; from <= SEEDS; from += BATCH) batches.push({ from, count: BATCH });
    const sum = noFigures();
    await playAll(batches, Math.min(2, availableParallelism()), (figures) => {
      addFigures(sum, figures);
      return true;
    });
    for (const line of figureLines(sum)) t.diagnostic(line);
    assert.equal(sum.seeds, SEEDS);
    const [first] = sum.failed;
    if (first !== undefined) assert.fail(failureText(await simulate(first.seed), 40));
  });

  it('plays a seed again as it was', async () => {
    const hashes = async (seeds: readonly number[]) => {
      const found = new Map<number, string>();
      for (const seed of seeds) found.set(seed, (await simulate(seed)).hash);
      return found;
    };
    const seeds = Array.from({ length: REPLAYED }, (_, i) => i + 1);
    const [once, again] = [await hashes(seeds), await hashes(seeds.toReversed())];
    for (const seed of seeds) assert.equal(again.get(seed), once.get(seed), `seed ${seed}`);
    assert.ok(new Set(once.values()).size > REPLAYED / 2, 'different seeds are different stories');
  });
});
