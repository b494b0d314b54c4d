import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  bucketEdge,
  bucketOf,
  BUCKETS,
  countFrom,
  createHistogram,
  mergeInto,
  quantile,
  recordLatency,
} from '../../src/judge/histogram.ts';

const latency = fc.double({ min: 0.2, max: 500_000, noNaN: true });
const latencies = fc.array(latency, { minLength: 1, maxLength: 60 });

const histogramOf = (values: readonly number[]) => {
  const histogram = createHistogram();
  for (const ms of values) recordLatency(histogram, ms);
  return histogram;
};

describe('histogram', () => {
  test('a latency lies within its bucket, which is 2% wide', () => {
    fc.assert(
      fc.property(latency, (ms) => {
        const bucket = bucketOf(ms);
        assert.ok(bucketEdge(bucket) <= ms * (1 + 1e-12));
        assert.ok(ms <= bucketEdge(bucket + 1) * (1 + 1e-12));
      }),
    );
  });

  test('what is too fast, too slow or no number still falls into a bucket', () => {
    assert.deepEqual([0, -1, Number.NaN, 0.1].map(bucketOf), [0, 0, 0, 0]);
    assert.deepEqual([1e9, Infinity].map(bucketOf), [BUCKETS - 1, BUCKETS - 1]);
    assert.ok(bucketEdge(BUCKETS - 1) > 600_000 * 0.9);
  });

  test('counts above a bucket edge are exact', () => {
    fc.assert(
      fc.property(latencies, fc.integer({ min: 0, max: BUCKETS - 1 }), (values, bucket) => {
        const naive = values.filter((ms) => bucketOf(ms) >= bucket).length;
        assert.equal(countFrom(histogramOf(values), bucket), naive);
      }),
    );
    assert.equal(countFrom(histogramOf([1, 2]), -5), 2);
  });

  test('merging two is recording both', () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const merged = histogramOf(a);
        mergeInto(merged, histogramOf(b));
        assert.deepEqual(merged, histogramOf([...a, ...b]));
      }),
    );
  });

  test('a quantile is the sorted value, to its bucket', () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, p) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(p * sorted.length)) - 1] ?? 0;
        assert.equal(quantile(histogramOf(values), p), bucketEdge(bucketOf(exact) + 1));
      }),
    );
    assert.equal(quantile(createHistogram(), 0.5), 0);
  });
});
