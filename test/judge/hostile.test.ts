import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createHistogram, observe, type InstanceCount, type Tick } from '../../src/judge/index.ts';
import { arm, feed, HEALTHY, judgeOf, SECOND, STABLE } from './given.ts';

/** As many answers as a bucket can hold. */
const MOST = 2 ** 32 - 1;

const crowded = (answers: number) => {
  const latency = createHistogram();
  latency[300] = answers;
  return { ...arm({}), requests: answers, latency };
};

describe('more answers than can be counted', () => {
  const refused = (tick: (at: number) => Tick, warmUpMs = 0) => {
    const judge = judgeOf({ warmUpMs });
    observe(judge, tick(SECOND));
    const before = structuredClone(judge);
    assert.throws(() => observe(judge, tick(2 * SECOND)), /more answers than can be counted/);
    assert.deepEqual(judge, before);
  };

  test('are refused while both versions serve', () => {
    refused((at) => ({ at, canary: arm(HEALTHY), baseline: crowded(MOST) }));
    refused((at) => ({ at, canary: crowded(MOST), baseline: arm(STABLE) }));
  });

  test('are refused in the warm-up, and while one version waits for the other', () => {
    refused((at) => ({ at, canary: arm(HEALTHY), baseline: crowded(MOST) }), 60 * SECOND);
    refused((at) => ({ at, canary: arm({}), baseline: crowded(MOST) }));
  });

  test('are no more than that once the window has gone on', () => {
    const judge = judgeOf({ windowMs: 60 * SECOND });
    for (let i = 0; i < 3; i++) {
      observe(judge, { at: (i * 100 + 1) * SECOND, canary: arm(HEALTHY), baseline: crowded(MOST) });
      observe(judge, { at: (i * 100 + 70) * SECOND, canary: arm({}), baseline: arm({}) });
    }
    observe(judge, { at: 301 * SECOND, canary: arm(HEALTHY), baseline: crowded(MOST - 10_000) });
    feed(judge, 10, HEALTHY, STABLE);
    assert.equal(judge.window.baseline.answers, MOST - 10_000 + 10 * STABLE.requests);
  });
});

test('instances with ever new names do not make a tick take minutes', { timeout: 20_000 }, () => {
  const judge = judgeOf();
  const crowd = (tick: number) =>
    Array.from({ length: 50_000 }, (_, i): InstanceCount => ({
      name: `${tick}/${i}`,
      requests: 1,
      errors: 0,
    }));
  for (let tick = 1; tick <= 3; tick++) feed(judge, 1, HEALTHY, STABLE, { stableInstances: crowd(tick) });
  assert.equal(judge.lastTickAt, 3 * SECOND);
});
