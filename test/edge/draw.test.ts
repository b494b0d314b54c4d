import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newVisitorId, PLACES, placeOf, visitorHash, visitorIdIn } from '../../src/edge/draw.ts';

const VISITORS = 200_000;
const ids = Array.from({ length: VISITORS }, newVisitorId);

test('visitor ids are 16 hexadecimal digits and do not repeat', () => {
  assert.ok(ids.every((id) => /^[0-9a-f]{16}$/.test(id)));
  assert.equal(new Set(ids).size, VISITORS);
});

test('places are spread evenly: the chi-square of 100 bins stays below its 99.99% point', () => {
  const BINS = 100;
  const counts = new Float64Array(BINS);
  for (const id of ids) counts[Math.floor((placeOf(visitorHash('rollout', id)) * BINS) / PLACES)]! += 1;
  const expected = VISITORS / BINS;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 161.3, `chi-square ${chiSquare} with 99 degrees of freedom`);
});

test('ids that follow one another are spread as evenly as random ones', () => {
  let below = 0;
  for (let i = 0; i < VISITORS; i++) {
    if (placeOf(visitorHash('rollout', i.toString(16).padStart(16, '0'))) < 1000) below++;
  }
  assert.ok(Math.abs(below / VISITORS - 0.1) < 0.004, `${below} of ${VISITORS} in the first tenth`);
});

test('another rollout draws anew: those first to see one canary are not the first to see the next', () => {
  const first = ids.filter((id) => placeOf(visitorHash('rollout-1', id)) < 1000);
  const again = first.filter((id) => placeOf(visitorHash('rollout-2', id)) < 1000);
  assert.ok(Math.abs(again.length / first.length - 0.1) < 0.015, `${again.length} of ${first.length}`);
});

test('hashes of a million visitors hardly collide', () => {
  const hashes = new Set(ids.map((id) => visitorHash('rollout', id)));
  assert.equal(hashes.size, VISITORS);
});

test('a visitor id is read from among other cookies, and only when it is one of ours', () => {
  const id = '0123456789abcdef';
  assert.equal(visitorIdIn(undefined, 'spillway'), undefined);
  assert.equal(visitorIdIn(`spillway=${id}`, 'spillway'), id);
  assert.equal(visitorIdIn(`a=1; spillway=${id}; b=2`, 'spillway'), id);
  assert.equal(visitorIdIn(`a=1;spillway=${id}`, 'spillway'), id);
  assert.equal(visitorIdIn(`xspillway=${id}`, 'spillway'), undefined);
  assert.equal(visitorIdIn(`a=spillway=${id}`, 'spillway'), undefined);
  assert.equal(visitorIdIn('spillway=../../etc/passwd', 'spillway'), undefined);
  assert.equal(visitorIdIn(`spillway=${id}0`, 'spillway'), undefined);
  assert.equal(visitorIdIn(`spillway=bad; spillway=${id}`, 'spillway'), id);
});
