import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { weightOf } from '../../src/core/weights.ts';
import { countFrom, type ArmTick, type Tick } from '../../src/judge/index.ts';
import { seededChance } from '../../src/replay/chance.ts';
import { Resplitter, type Arms } from '../../src/replay/resplit.ts';
import { arm, slowBucket, tick } from './ticks.ts';

/** Sums of a trace of equal ticks, split anew. */
function resplit(arms: Arms, percent: number, canary: ArmTick, baseline: ArmTick, ticks = 600) {
  const resplitter = new Resplitter(seededChance(3), arms);
  const sums = { canary: { requests: 0, errors: 0, slow: 0 }, baseline: { requests: 0, errors: 0, slow: 0 } };
  for (let i = 1; i <= ticks; i++) {
    const seen = resplitter.split(tick(i, canary, baseline), weightOf(percent));
    for (const side of ['canary', 'baseline'] as const) {
      sums[side].requests += seen[side].requests;
      sums[side].errors += seen[side].errors;
      sums[side].slow += countFrom(seen[side].latency, slowBucket);
    }
  }
  return { ...sums, drawn: resplitter.drawn };
}

const close = (found: number, expected: number, part = 0.06) =>
  assert.ok(Math.abs(found - expected) <= part * expected, `${found} for ${expected}`);

describe('a trace split anew', () => {
  it('gives the canary the share of the traffic that the policy sets, at its own rates', () => {
    const { canary, baseline, drawn } = resplit('mirrored', 25, arm(200, 10), arm(200, 2));
    close(canary.requests, 600 * 50);
    close(baseline.requests, 600 * 150);
    close(canary.errors / canary.requests, 0.05);
    close(baseline.errors / baseline.requests, 0.01);
    close(canary.slow / canary.requests, 0.5);
    assert.deepEqual([drawn.canary.again, drawn.baseline.again], [0, 0], 'nothing need be drawn again');
  });

  it('draws again what a trace has too little of, at the rates of its last minutes, and counts it', () => {
    const { canary, baseline, drawn } = resplit('split', 50, arm(10, 1), arm(190, 2));
    close(canary.requests, 600 * 100);
    close(canary.errors / canary.requests, 0.1);
    close(canary.slow / canary.requests, 0.5);
    close(baseline.errors / baseline.requests, 2 / 190);
    close(drawn.canary.again / drawn.canary.requests, 0.9);
    assert.equal(drawn.baseline.again, 0);
  });

  it('takes single errors of few requests for their rate, not for bursts', () => {
    const resplitter = new Resplitter(seededChance(3), 'split');
    const errors: number[] = [];
    for (let i = 1; i <= 1200; i++) {
      const canary = arm(2, i % 50 === 0 ? 1 : 0);
      errors.push(resplitter.split(tick(i, canary, arm(198, 2)), weightOf(50)).canary.errors);
    }
    const settled = errors.slice(300);
    close(settled.reduce((a, b) => a + b, 0) / settled.length, 1, 0.15);
    assert.ok(Math.max(...settled) < 12, 'one failed request of two does not become fifty');
  });

  it('leaves an arm silent that did nothing for five minutes, whatever its weight', () => {
    const resplitter = new Resplitter(seededChance(3), 'split');
    const at = (second: number, canary: ArmTick) =>
      resplitter.split(tick(second, canary, arm(100, 1)), weightOf(50)).canary.requests;
    assert.ok(at(1, arm(50, 1)) > 0);
    assert.ok(at(200, arm(0, 0)) > 0, 'what it did of late stands for it');
    assert.equal(at(900, arm(0, 0)), 0);
  });

  it('has nothing on an arm without weight', () => {
    const { canary } = resplit('split', 0, arm(100, 5), arm(100, 1), 10);
    assert.deepEqual(canary, { requests: 0, errors: 0, slow: 0 });
    const { baseline } = resplit('split', 100, arm(100, 5), arm(100, 1), 10);
    assert.deepEqual(baseline, { requests: 0, errors: 0, slow: 0 });
  });

  it('thins the stable instances as their arm, and never makes more of them', () => {
    const resplitter = new Resplitter(seededChance(3), 'split');
    const stableInstances = [
      { requests: 100, errors: 10, slow: [50, 10, 100, 0] },
      { requests: 100, errors: 0, slow: [50, 10, 5, 1] },
    ];
    const of = (percent: number) =>
      resplitter.split({ ...tick(percent, arm(200, 1), arm(200, 10)), stableInstances }, weightOf(percent));
    const thinned = of(80).stableInstances ?? [];
    assert.ok(
      thinned.every(({ requests }) => requests > 10 && requests < 70),
      JSON.stringify(thinned),
    );
    const [first] = thinned;
    assert.equal(first?.slow?.[2], first?.requests);
    assert.ok((first?.slow?.[0] ?? 0) < 50 && first?.slow?.[3] === 0);
    assert.deepEqual(of(10).stableInstances, stableInstances);
    assert.equal(of(100).stableInstances, undefined);
  });

  it('never says what cannot be', () => {
    const anArm = fc.nat(400).chain((requests) => fc.nat(requests).map((errors) => arm(requests, errors)));
    const aTick = fc.record({ canary: anArm, baseline: anArm, weight: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(fc.array(aTick, { maxLength: 30 }), fc.nat(), fc.boolean(), (ticks, seed, split) => {
        const resplitter = new Resplitter(seededChance(seed), split ? 'split' : 'mirrored');
        for (const [i, { canary, baseline, weight }] of ticks.entries()) {
          const seen: Tick = resplitter.split(tick(i, canary, baseline), weightOf(weight));
          for (const one of [seen.canary, seen.baseline]) {
            assert.ok(one.errors >= 0 && one.errors <= one.requests);
            assert.ok(countFrom(one.latency, 0) <= one.requests);
          }
          const traffic = canary.requests + baseline.requests;
          assert.ok(seen.canary.requests + seen.baseline.requests <= traffic);
        }
      }),
      { numRuns: 40 },
    );
  });
});
