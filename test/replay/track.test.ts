import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rates } from '../../src/replay/rates.ts';
import { Track } from '../../src/replay/track.ts';
import { arm, NOON, tick } from './ticks.ts';

describe('the course of a rollout', () => {
  it('stays small however long it is, from its first moment to near its last', () => {
    const track = new Track();
    for (let i = 0; i < 86_400; i++) track.add({ at: i, weight: 1, logE: i });
    const points = track.points();
    assert.ok(points.length > 500 && points.length < 2000, `${points.length}`);
    assert.equal(points[0]?.at, 0);
    assert.ok((points.at(-1)?.at ?? 0) > 86_400 - 200);
  });

  it('loses no change of weight', () => {
    const track = new Track();
    for (let i = 0; i < 10_000; i++) track.add({ at: i, weight: i === 9001 ? 50 : 1, logE: 0 });
    assert.ok(track.points().some(({ weight }) => weight === 50));
  });
});

describe('the rates of a trace', () => {
  it('lose no request however few points are left', () => {
    const rates = new Rates(10_000);
    for (let second = 1; second <= 20_000; second++) rates.add(tick(second, arm(2, second % 2), arm(5, 1)));
    const points = rates.points();
    assert.ok(points.length > 150 && points.length <= 400, `${points.length}`);
    const sum = (of: (point: (typeof points)[number]) => number) =>
      points.reduce((all, one) => all + of(one), 0);
    assert.deepEqual(
      [sum((p) => p.canary.requests), sum((p) => p.canary.errors), sum((p) => p.baseline.requests)],
      [40_000, 10_000, 100_000],
    );
    const ends = points.map(({ until }) => until);
    assert.deepEqual(
      ends,
      ends.toSorted((a, b) => a - b),
    );
    assert.ok((ends.at(-1) ?? 0) >= NOON + 20_000_000);
  });
});
