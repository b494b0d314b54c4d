import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  tickFromJson,
  tickToJson,
  type InstanceCount,
  type Judge,
  type Tick,
} from '../../src/judge/index.ts';
import { estimatePhi, temperingOf } from '../../src/judge/sequential/dispersion.ts';
import { phiIn } from '../../src/judge/state.ts';
import { arm, at, feed, judgeOf, SECOND, STABLE } from './given.ts';
import { observe } from '../../src/judge/index.ts';

const CANARY = { requests: 20, errors: 0 };

const instances = (...errors: readonly number[]): InstanceCount[] =>
  errors.map((failed) => ({ requests: 60, errors: failed }));
const blockOf = (...errors: readonly number[]) => ({ requests: errors.map(() => 60), errors });

/** A second with errors of the stable instances. */
const second = (judge: Judge, stableInstances: readonly InstanceCount[]) =>
  feed(judge, 1, CANARY, STABLE, { stableInstances });

describe('bursts', () => {
  test('the estimate is that of the formula, over blocks that are over', () => {
    const judge = judgeOf();
    second(judge, instances(20, 0, 0));
    second(judge, instances(0, 20, 0));
    const [one, ten] = at(judge).record.evidence.phiByBlock;
    assert.deepEqual(one, { seconds: 1, phi: estimatePhi([blockOf(20, 0, 0), blockOf(0, 20, 0)]) });
    assert.deepEqual(ten, { seconds: 10, phi: 1 });
    assert.equal(phiIn(judge), temperingOf(one?.phi ?? 0));
  });

  test('the largest estimate of the block lengths counts', () => {
    const judge = judgeOf();
    // In each second the instances fail alike, over ten seconds they do not: one is worse for a while.
    for (let i = 0; i < 60; i++) second(judge, instances(i % 2, i < 30 ? 2 : 0, (i + 1) % 2));
    const phis = at(judge).record.evidence.phiByBlock.map(({ phi }) => phi);
    assert.ok(Math.max(...phis) > (phis[0] ?? 0));
    assert.equal(at(judge).record.evidence.phi, temperingOf(Math.max(...phis)));
  });

  test('a tick is tempered by what was known before it', () => {
    const [calm, warned] = [judgeOf(), judgeOf()];
    for (const judge of [calm, warned]) second(judge, instances(0, 0, 0));
    const bad = { requests: 20, errors: 5 };
    feed(calm, 1, bad, STABLE, { stableInstances: instances(0, 0, 0) });
    feed(warned, 1, bad, STABLE, { stableInstances: instances(40, 0, 0) });
    assert.equal(at(calm).record.evidence.logE.errors, at(warned).record.evidence.logE.errors);
    for (const judge of [calm, warned]) feed(judge, 1, bad, STABLE);
    assert.ok(at(calm).record.evidence.logE.errors > at(warned).record.evidence.logE.errors);
  });

  test('what stable did before the rollout counts from its first tick', () => {
    const blocks = Array.from({ length: 30 }, (_, i) =>
      blockOf(i % 3 === 0 ? 30 : 0, i % 3 === 1 ? 30 : 0, 0),
    );
    const seeded = judgeOf({}, [{ length: 60, blocks }]);
    const phi = temperingOf(estimatePhi(blocks));
    assert.ok(phi > 5);
    assert.equal(phiIn(seeded), phi);
    assert.equal(phiIn(judgeOf({ tempering: 'off' }, [{ length: 60, blocks }])), 1);
    assert.equal(phiIn(judgeOf({ fixedPhi: 3 }, [{ length: 60, blocks }])), 3);
  });

  test('instances are told apart by their names, in whatever order and number they come', () => {
    const named = (...names: readonly string[]) =>
      names.map((name) => ({ name, requests: 60, errors: name === 'bad' ? 3 : 0 }));
    const [ordered, shuffled] = [judgeOf(), judgeOf()];
    for (let i = 0; i < 120; i++) {
      second(ordered, named('a', 'bad', 'c'));
      second(shuffled, i % 2 === 0 ? named('bad', 'c', 'a') : named('c', 'a', 'bad'));
    }
    assert.equal(phiIn(shuffled), phiIn(ordered));
    assert.ok(phiIn(ordered) > 1);
    second(ordered, named('bad'));
    second(ordered, named('d', 'bad', 'c', 'a'));
  });

  test('errors and latency, limits and certificate are all divided by it', () => {
    const limits = { errorRate: 0.01, p95Ms: 60 };
    const tempered = feed(
      judgeOf({ fixedPhi: 40, limits, onset: 'start' }),
      2,
      { requests: 20, errors: 2, ms: 80 },
      STABLE,
    );
    const plain = feed(
      judgeOf({ fixedPhi: 1, limits, onset: 'start' }),
      2,
      { requests: 20, errors: 2, ms: 80 },
      STABLE,
    );
    const [a, b] = [at(tempered).record.evidence, at(plain).record.evidence];
    const pairs = [
      [a.logE.errors, b.logE.errors],
      [a.logE.latency ?? 0, b.logE.latency ?? 0],
      ...a.limits.map(({ canary }, i) => [canary.logE, b.limits[i]?.canary.logE ?? 0] as const),
    ] as const;
    for (const [part, whole] of pairs) assert.ok(part > 0 && part < whole, `${part} of ${whole}`);
    assert.ok(Math.abs(a.certificate.logE) < Math.abs(b.certificate.logE));
  });

  test('blocks are of time, however long the ticks are', () => {
    const judge = judgeOf();
    for (let i = 1; i <= 12; i++) {
      const tick: Tick = {
        at: i * 5 * SECOND,
        canary: arm(CANARY),
        baseline: arm(STABLE),
        stableInstances: instances(i % 3 === 0 ? 6 : 0, 2, 2),
      };
      observe(judge, tickFromJson(JSON.parse(JSON.stringify(tickToJson(tick)))));
    }
    const errors = (i: number) => (i % 3 === 0 ? 6 : 0);
    const tens = Array.from({ length: 6 }, (_, i) => ({
      requests: [120, 120, 120],
      errors: [errors(2 * i + 1) + errors(2 * i + 2), 4, 4],
    }));
    const [, ten] = at(judge).record.evidence.phiByBlock;
    assert.equal(ten?.phi, estimatePhi(tens));
  });
});
