import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hours, instant, minutes } from '../../src/core/time.ts';
import type { VersionActivity } from '../../src/ports/history.ts';
import { findDeployments } from '../../src/replay/history/find.ts';
import { proportionInterval } from '../../src/replay/history/proportion.ts';

const STEP = minutes(5);
const at = (step: number) => instant(step * STEP);
const span = (to: number) => ({ from: at(0), to: at(to), stepMs: STEP, withdrawnWithinMs: hours(24) });

/** Requests of a version from one step to another. */
const served = (
  version: string,
  ...spans: ReadonlyArray<readonly [from: number, to: number, requests: number]>
) => ({
  version,
  steps: spans.flatMap(([from, to, requests]) =>
    Array.from({ length: to - from + 1 }, (_, i) => ({ at: at(from + i), requests })),
  ),
});

const found = (activity: readonly VersionActivity[], to = 1000) =>
  findDeployments(activity, span(to)).map(
    ({ version, stable, from, until, label }) =>
      `${version} beside ${stable} ${from / STEP}-${until / STEP} ${label}`,
  );

describe('the deployments in a past', () => {
  it('are versions that come beside another, good where they stay', () => {
    const past = [
      served('1', [0, 120, 100]),
      served('2', [100, 120, 20], [121, 600, 100]),
      served('3', [590, 1000, 100]),
    ];
    assert.deepEqual(found(past), ['2 beside 1 100-120 good', '3 beside 2 590-600 good']);
  });

  it('are bad where they are gone soon and an older version carries the traffic again', () => {
    const stays = [served('1', [0, 1000, 80]), served('2', [100, 110, 20])];
    assert.deepEqual(found(stays), ['2 beside 1 100-110 bad']);
    const comesBack = [served('1', [0, 105, 80], [130, 1000, 100]), served('2', [100, 131, 100])];
    assert.deepEqual(
      found(comesBack),
      ['2 beside 1 100-105 bad'],
      'what comes back is no deployment of its own',
    );
  });

  it('are good where a newer one follows soon, and unknown where they have only just come', () => {
    const quick = [served('1', [0, 105, 100]), served('2', [100, 205, 100]), served('3', [200, 1000, 100])];
    assert.deepEqual(found(quick), ['2 beside 1 100-105 good', '3 beside 2 200-205 good']);
    assert.deepEqual(found([served('1', [0, 105, 100]), served('2', [100, 300, 100])], 300), [
      '2 beside 1 100-105 unknown',
    ]);
  });

  it('are not what was there from the beginning, or came where nothing served', () => {
    assert.deepEqual(found([served('1', [0, 1000, 100]), served('2', [1, 1000, 100])]), []);
    assert.deepEqual(found([served('1', [500, 1000, 100])]), []);
    assert.deepEqual(found([]), []);
  });

  it('stand beside each other through a short gap', () => {
    const gap = [served('1', [0, 1000, 100]), served('2', [100, 105, 9], [108, 500, 9])];
    assert.deepEqual(found(gap), ['2 beside 1 100-500 good']);
  });
});

describe('a share of few', () => {
  it('has the exact interval of Clopper and Pearson', () => {
    const close = (count: number, of: number, low: number, high: number) => {
      const { low: foundLow, high: foundHigh } = proportionInterval(count, of);
      assert.ok(
        Math.abs(foundLow - low) < 5e-4 && Math.abs(foundHigh - high) < 5e-4,
        `${foundLow} ${foundHigh}`,
      );
    };
    close(0, 10, 0, 0.3085);
    close(10, 10, 0.6915, 1);
    close(1, 20, 0.0013, 0.2487);
    close(5, 50, 0.0333, 0.2181);
    close(0, 300, 0, 0.0122);
    close(0, 0, 0, 1);
  });
});
