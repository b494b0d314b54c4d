import assert from 'node:assert/strict';
import { it } from 'node:test';
import { withRange, type Range } from './ranges.ts';

const range = (from: number, to: number, commit = 'a', violations = 0): Range => ({
  from,
  to,
  commit,
  command: 'make simulate',
  violations,
});

it('makes one of ranges of the same commit that touch, and of no others', () => {
  const two = withRange([range(1, 100)], range(101, 200));
  assert.deepEqual(two, [range(1, 200)]);
  assert.deepEqual(withRange(two, range(150, 160, 'a', 1)), [range(1, 200, 'a', 1)]);
  assert.deepEqual(withRange(two, range(201, 300, 'b')), [range(1, 200), range(201, 300, 'b')]);
  assert.deepEqual(withRange([range(1, 2), range(5, 6)], range(3, 4)), [range(1, 6)]);
  assert.equal(withRange(two, range(202, 300)).length, 2);
});
