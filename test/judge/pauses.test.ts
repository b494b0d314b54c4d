import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  beginStep,
  observe,
  slowThresholds,
  tickFromJson,
  tickToJson,
  type InstanceCount,
  type InstanceHistory,
  type Judge,
} from '../../src/judge/index.ts';
import { estimatePhi, temperingOf } from '../../src/judge/sequential/dispersion.ts';
import { arm, at, feed, judgeOf, SECOND } from './given.ts';

const CANARY = { requests: 20, ms: 50 };
const STABLE = { requests: 180, ms: 50 };

/** Three instances with 60 requests each, of which so many are slower than every quantile. */
const slow = (...counts: readonly number[]): InstanceCount[] =>
  counts.map((n) => ({ requests: 60, errors: 0, slow: [n, n, n, n] }));

const second = (judge: Judge, stableInstances: readonly InstanceCount[], canary = CANARY) =>
  feed(judge, 1, canary, STABLE, { stableInstances });

const phisOf = (judge: Judge) => at(judge).record.evidence.latencyPhi;

const history = (length: 1 | 10 | 60, ...blocks: ReadonlyArray<readonly number[]>): InstanceHistory => [
  {
    length,
    blocks: blocks.map((counts) => ({
      requests: counts.map(() => 60),
      errors: counts.map(() => 0),
      slow: [counts.map(() => 0), counts, counts, counts],
    })),
  },
];

/** In each of thirty blocks another instance has all of the slow answers. */
const BURSTS = Array.from({ length: 30 }, (_, i) => [0, 1, 2].map((j) => (i % 3 === j ? 30 : 0)));

describe('instances that pause', () => {
  test('the estimate is that of the formula, by quantile', () => {
    const counts = fc.array(fc.tuple(fc.nat(60), fc.nat(60), fc.nat(60)), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(counts, (blocks) => {
        const [p50, p90] = phisOf(judgeOf({}, history(10, ...blocks))) ?? [];
        const phi = estimatePhi(blocks.map((errors) => ({ requests: errors.map(() => 60), errors })));
        assert.ok(Math.abs((p90?.phiByBlock[1]?.phi ?? 0) - phi) < 1e-9 * phi);
        assert.ok(Math.abs((p90?.phi ?? 0) - temperingOf(p90?.phiByBlock[1]?.phi ?? 0)) < 1e-12);
        assert.equal(p50?.phi, 1);
      }),
    );
  });

  test('evidence of a quantile is divided by its phi, and not by less than evidence on errors', () => {
    const slower = { requests: 20, ms: 80 };
    const logE = (known: InstanceHistory, settings = {}) =>
      at(feed(judgeOf(settings, known), 3, slower, STABLE)).record.evidence.logE.latency ?? 0;
    const calm = logE([]);
    const tempered = logE(history(60, ...BURSTS));
    assert.ok(tempered > 0 && tempered < calm, `${tempered} of ${calm}`);
    assert.equal(logE(history(60, ...BURSTS), { tempering: 'off' }), calm);
    assert.equal(logE(history(60, ...BURSTS), { fixedPhi: 1 }), calm);
    const failing = history(60, ...BURSTS).map(({ length, blocks }) => ({
      length,
      blocks: blocks.map(({ requests }, i) => ({ requests, errors: BURSTS[i] ?? [] })),
    }));
    assert.ok(logE(failing) < calm);
  });

  test('a limit on latency is divided by the phi of its quantile', () => {
    const limited = (known: InstanceHistory) => {
      const judge = judgeOf({ limits: { p95Ms: 60 } }, known);
      return at(feed(judge, 3, CANARY, STABLE)).record.evidence.limits[0]?.canary.logE ?? 0;
    };
    const [tempered, calm] = [limited(history(60, ...BURSTS)), limited([])];
    assert.ok(tempered > 0 && tempered < calm, `${tempered} of ${calm}`);
  });

  test('errors are not divided by it', () => {
    const judge = judgeOf({}, history(60, ...BURSTS));
    assert.equal(at(judge).record.evidence.phi, 1);
  });

  test('a tick is tempered by what was known before it', () => {
    const [calm, warned] = [judgeOf(), judgeOf()];
    const slower = { requests: 20, ms: 80 };
    for (const judge of [calm, warned]) second(judge, slow(3, 3, 3));
    second(calm, slow(3, 3, 3), slower);
    second(warned, slow(60, 0, 0), slower);
    const latencyOf = (judge: Judge) => at(judge).record.evidence.logE.latency;
    assert.equal(latencyOf(calm), latencyOf(warned));
    for (const judge of [calm, warned]) second(judge, slow(3, 3, 3), slower);
    assert.ok((latencyOf(calm) ?? 0) > (latencyOf(warned) ?? 0));
  });

  test('the record says where nothing is known of single instances', () => {
    const judge = feed(judgeOf(), 5, CANARY, STABLE, { stableInstances: [{ requests: 180, errors: 0 }] });
    assert.equal(phisOf(judge), null);
    second(judge, slow(1, 2, 3));
    assert.deepEqual(
      phisOf(judge)?.map(({ quantile }) => quantile),
      [0.5, 0.9, 0.95, 0.99],
    );
  });

  test('it is learnt in the warm-up too', () => {
    const judge = judgeOf({ warmUpMs: 30 * SECOND });
    assert.equal(slowThresholds(judge).length, 0);
    second(judge, []);
    assert.equal(slowThresholds(judge).length, 4);
    for (let i = 0; i < 20; i++) second(judge, slow(i % 3 === 0 ? 60 : 0, i % 3 === 1 ? 60 : 0, 0));
    assert.ok((phisOf(judge)?.[3]?.phi ?? 0) > 10);
    assert.equal(at(judge).record.evidence.logE.latency, null);
  });

  test('where clients are counted, what is slow is known when the step begins', () => {
    const judge = feed(judgeOf({ unit: 'client', warmUpMs: 30 * SECOND }), 10, CANARY, STABLE);
    assert.equal(slowThresholds(judge).length, 0);
    beginStep(judge, 10 * SECOND);
    assert.equal(slowThresholds(judge).length, 4);
  });

  test('ticks come back from JSON as they were, and what cannot be is refused', () => {
    const tick = { at: SECOND, canary: arm(CANARY), baseline: arm(STABLE) };
    const named = [{ name: 'one', requests: 60, errors: 1, slow: [30, 6, 3, 1] }, ...slow(1)];
    const back = tickFromJson(JSON.parse(JSON.stringify(tickToJson({ ...tick, stableInstances: named }))));
    assert.deepEqual(back.stableInstances, named);
    const odd = { requests: 60, errors: 0, slow: [1, 2] };
    assert.throws(
      () => observe(judgeOf(), { ...tick, stableInstances: [odd] }),
      /slow answers of 4 quantiles, not 2/,
    );
    const negative = { requests: 60, errors: 0, slow: [1, 2, 3, -1] };
    assert.throws(() => observe(judgeOf(), { ...tick, stableInstances: [negative] }), /slow answers: -1/);
    assert.throws(
      () => tickFromJson({ ...tickToJson(tick), stable_instances: [[1, 0, null, ['x']]] }),
      /stable_instances\[0\]: a number/,
    );
  });
});
