import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  classify,
  commonLanguageEffect,
  KAYENTA_SENSITIVITY,
  meanRatio,
  type Classified,
  type MetricRule,
} from '../../../src/judge/plain/metric.ts';
import { score, type ScoredMetric } from '../../../src/judge/plain/score.ts';

const NO_EFFECT = {
  measure: 'meanRatio',
  allowedIncrease: 1,
  allowedDecrease: 1,
  criticalIncrease: 1,
  criticalDecrease: 1,
} as const;
const RULE: MetricRule = {
  direction: 'either',
  critical: false,
  mustHaveData: false,
  nanStrategy: 'remove',
  effectSize: NO_EFFECT,
};

/** Thirty values around `level`. */
const around = (level: number, offset = 0) =>
  Array.from({ length: 30 }, (_, i) => level + ((i * 7 + offset) % 30) / 10 - 1.5);

const classified = (canary: readonly number[], baseline: readonly number[], rule: Partial<MetricRule> = {}) =>
  classify(canary, baseline, { ...RULE, ...rule }, KAYENTA_SENSITIVITY);
const labelOf = (...args: Parameters<typeof classified>) => classified(...args).classification;

describe('a metric, as Kayenta classifies it', () => {
  test('high, low and the same', () => {
    assert.equal(labelOf(around(20), around(10)), 'high');
    assert.equal(labelOf(around(10), around(20)), 'low');
    assert.equal(labelOf(around(10, 3), around(10)), 'pass');
  });

  test('a change in the harmless direction passes', () => {
    assert.equal(labelOf(around(10), around(20), { direction: 'increase' }), 'pass');
    assert.equal(labelOf(around(20), around(10), { direction: 'decrease' }), 'pass');
    assert.equal(labelOf(around(20), around(10), { direction: 'increase' }), 'high');
  });

  test('the interval must clear a quarter of the shift', () => {
    const baseline = around(10);
    const canary = around(10.7, 11);
    const { shift, classification } = classified(canary, baseline);
    assert.ok(
      shift !== null && shift.lower > 0 && shift.lower < 0.25 * shift.estimate,
      JSON.stringify(shift),
    );
    assert.equal(classification, 'pass');
    const keener = classify(canary, baseline, RULE, { tolerance: 0, confidence: 0.98 });
    assert.equal(keener.classification, 'high');
  });

  test('an effect smaller than allowed passes: by mean ratio, by common language effect size', () => {
    const effectSize = { ...NO_EFFECT, allowedIncrease: 2.5 };
    assert.equal(labelOf(around(20), around(10), { effectSize }), 'pass');
    assert.equal(labelOf(around(30), around(10), { effectSize }), 'high');
    const cles = { ...NO_EFFECT, measure: 'cles', allowedIncrease: 0.9 } as const;
    assert.equal(labelOf(around(20), around(10), { effectSize: cles }), 'high');
    const overlapping = around(11, 3);
    assert.equal(labelOf(overlapping, around(10)), 'high');
    assert.equal(labelOf(overlapping, around(10), { effectSize: cles }), 'pass');
    assert.equal(meanRatio([1, 2], [0, 0]), null);
    assert.equal(commonLanguageEffect([1, 3], [2, 3]), 0.375);
  });

  test('an effect that cannot be computed is not asked for', () => {
    const effectSize = { ...NO_EFFECT, allowedIncrease: 5 };
    assert.equal(labelOf([3, 4, 5, 6, 7], [0, 0, 0, 0, 0], { effectSize }), 'high');
  });

  test('two constants: equal they pass, unequal they differ', () => {
    assert.equal(labelOf([5, 5, 5], [5, 5, 5, 5]), 'pass');
    assert.equal(labelOf([6, 6, 6], [5, 5, 5]), 'high');
    assert.equal(labelOf([0, 0, 0], [5, 5, 5]), 'low');
  });

  test('critical: a failure of the metric, of the effect it names', () => {
    const critical = { critical: true };
    assert.equal(classified(around(20), around(10), critical).critical, true);
    assert.equal(classified(around(10, 3), around(10), critical).critical, false);
    const effectSize = { ...NO_EFFECT, criticalIncrease: 3 };
    assert.equal(classified(around(20), around(10), { ...critical, effectSize }).critical, false);
    assert.equal(classified(around(40), around(10), { ...critical, effectSize }).critical, true);
  });

  test('the table of missing data', () => {
    const missing = (rule: Partial<MetricRule>) => {
      const { classification, critical } = classified([], around(10), rule);
      return [classification, critical];
    };
    assert.deepEqual(missing({}), ['nodata', false]);
    assert.deepEqual(missing({ critical: true }), ['nodata', true]);
    assert.deepEqual(missing({ mustHaveData: true }), ['nodata-fail', false]);
    assert.deepEqual(missing({ mustHaveData: true, critical: true }), ['nodata', true]);
    assert.deepEqual(missing({ nanStrategy: 'replace', critical: true }), ['pass', false]);
    assert.equal(labelOf([Number.NaN, Number.NaN], around(10)), 'nodata');
    assert.equal(
      labelOf([Number.NaN, Number.NaN, Number.NaN], around(10), { nanStrategy: 'replace' }),
      'low',
    );
  });
});

describe('the score', () => {
  const metric = (name: string, group: string, result: Partial<Classified> = {}): ScoredMetric => ({
    name,
    group,
    classification: 'pass',
    critical: false,
    ratio: 1,
    shift: null,
    ...result,
  });

  test('is the weighted sum of the groups, two decimals', () => {
    const metrics = [
      metric('errors', 'errors'),
      metric('p50', 'latency', { classification: 'high' }),
      metric('p95', 'latency'),
      metric('p99', 'latency'),
    ];
    assert.equal(score(metrics, { errors: 60, latency: 40 }).score, 86.67);
    assert.equal(score(metrics, {}).score, 83.33);
    assert.equal(score(metrics, { errors: 20 }).score, 73.33);
  });

  test('a critical failure scores nothing', () => {
    const metrics = [metric('a', 'x'), metric('b', 'x', { classification: 'high', critical: true })];
    assert.deepEqual([score(metrics, {}).score, score(metrics, {}).failed], [0, 'critical']);
  });

  test('half of the metrics without data score nothing; fewer are left out', () => {
    const without = metric('a', 'x', { classification: 'nodata' });
    assert.deepEqual([score([without, metric('b', 'x')], {}).score], [0]);
    const three = [without, metric('b', 'x'), metric('c', 'y', { classification: 'high' })];
    assert.equal(score(three, {}).score, 50);
    const required = [metric('a', 'x', { classification: 'nodata-fail' }), metric('b', 'x')];
    assert.equal(score(required, {}).score, 50);
    assert.equal(score([], {}).failed, 'nodata');
  });

  test('a group without any data counts as full, as in Kayenta', () => {
    const three = [metric('a', 'x', { classification: 'nodata' }), metric('b', 'y'), metric('c', 'y')];
    assert.equal(score(three, {}).score, 100);
  });
});
