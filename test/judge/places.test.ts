import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPlaces, findPlaces } from '../../src/judge/sequential/places.ts';
import { SECOND } from './given.ts';

const named = (...names: readonly string[]) => names.map((name) => ({ name, requests: 1, errors: 0 }));

describe('rows of instances', () => {
  test('are not more than are needed at a time, whatever instances are called', () => {
    const places = createPlaces(0);
    for (let second = 1; second <= 3600; second++)
      findPlaces(places, named(`a-${second}`, 'b', `c-${Math.floor(second / 60)}`), second * SECOND);
    assert.ok(places.seenAt.length <= 2 * 130, `${places.seenAt.length}`);
    assert.ok(places.byName.size <= places.seenAt.length);
  });

  test('stay with their instances while these are there', () => {
    const places = createPlaces(0);
    const rowsOf = (second: number, ...names: readonly string[]) => {
      findPlaces(places, named(...names), second * SECOND);
      return places.of.slice(0, names.length);
    };
    assert.deepEqual(rowsOf(1, 'a', 'b', 'c'), [0, 1, 2]);
    for (let second = 2; second < 200; second++) rowsOf(second, 'c', 'a');
    assert.deepEqual(rowsOf(200, 'a', 'c', 'd'), [0, 2, 1]);
    assert.equal(new Set(rowsOf(201, 'a', 'b', 'c', 'd')).size, 4);
  });

  test('come back to an instance that was away for less than a block', () => {
    const places = createPlaces(0);
    findPlaces(places, named('a', 'b'), SECOND);
    findPlaces(places, named('a'), 59 * SECOND);
    findPlaces(places, named('b', 'a'), 61 * SECOND);
    assert.deepEqual(places.of, [1, 0]);
  });
});
