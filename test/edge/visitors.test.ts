import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newVisitorId, visitorHash } from '../../src/edge/draw.ts';
import { FAILED, Visitors } from '../../src/edge/visitors.ts';

const hashes = Array.from({ length: 5000 }, () => visitorHash('rollout', newVisitorId()));
const countNew = (visitors: Visitors, of: readonly number[], mayReturn = true) =>
  of.filter((hash) => visitors.note(hash, FAILED, mayReturn) !== 0).length;

test('visitors count once, exactly up to the limit and approximately beyond it', () => {
  const visitors = new Visitors(1000);
  assert.equal(countNew(visitors, hashes.slice(0, 1000)), 1000);
  assert.equal(countNew(visitors, hashes.slice(0, 1000)), 0);
  assert.equal(visitors.approximate, false);
  const beyond = countNew(visitors, hashes.slice(1000));
  assert.ok(beyond > 3990 && beyond <= 4000, `${beyond} of 4000`);
  assert.equal(countNew(visitors, hashes), 0);
  assert.deepEqual([visitors.size, visitors.approximate], [1000, true]);
});

test('half a million visitors behave as a plain set would', () => {
  const visitors = new Visitors();
  const plain = new Set<number>();
  for (let i = 0; i < 500_000; i++) {
    const hash = visitorHash('rollout', ((i * 7919) % 300_000).toString(16));
    assert.equal(visitors.note(hash, FAILED, true) !== 0, !plain.has(hash));
    plain.add(hash);
  }
  assert.equal(visitors.size, plain.size);
});

test('an answer counts for every watched bucket up to its own, each once for a visitor', () => {
  const visitors = new Visitors();
  visitors.watch([300, 400]);
  const counted = (visitor: number, bucket: number) =>
    visitors.bucketsOf(visitors.note(visitor, visitors.slowMarks(bucket), true));
  assert.equal(visitors.slowMarks(299), 0);
  assert.deepEqual(counted(1, 300), [300]);
  assert.deepEqual(counted(1, 399), []);
  assert.deepEqual(counted(1, 450), [400]);
  assert.deepEqual(counted(2, 789), [300, 400]);
  assert.equal(visitors.note(1, FAILED, true), FAILED, 'a slow answer is no error');
});

test('a bucket that is watched again goes on where it was; buckets that nobody watches make room', () => {
  const visitors = new Visitors();
  const isNew = (bucket: number) => visitors.note(7, visitors.slowMarks(bucket), true) !== 0;
  visitors.watch([100]);
  assert.ok(isNew(100));
  visitors.watch([200]);
  assert.ok(isNew(200));
  visitors.watch([100, 200]);
  assert.ok(!isNew(200));
  for (let bucket = 300; bucket < 340; bucket++) {
    visitors.watch([200, bucket]);
    assert.ok(isNew(bucket), `${bucket} is new to the visitor`);
    assert.ok(!isNew(bucket));
  }
  visitors.note(8, FAILED, true);
  assert.equal(visitors.note(8, FAILED, true), 0, 'errors are never forgotten');
});

test('beyond the limit, ids that were made for one request only do not fill what is kept for others', () => {
  const visitors = new Visitors(10);
  countNew(visitors, hashes.slice(0, 10));
  assert.equal(countNew(visitors, hashes.slice(10, 100), false), 90);
  assert.equal(countNew(visitors, hashes.slice(10, 100)), 90);
  assert.equal(countNew(visitors, hashes.slice(10, 100)), 0);
});
