import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  createHistogram,
  observe,
  tickFromJson,
  tickToJson,
  toSparse,
  type Histogram,
  type Latencies,
  type SparseHistogram,
  type Tick,
} from '../../src/judge/index.ts';
import { arm, at, feed, HEALTHY, judgeOf, SECOND, STABLE } from './given.ts';

const FINE: Tick = {
  at: 4 * SECOND,
  canary: arm(HEALTHY),
  baseline: arm(STABLE),
  stableInstances: [{ name: 'one', requests: 180, errors: 1 }],
  clients: { canary: 0, baseline: 1 },
};

const canary = (change: object) => ({ ...FINE, canary: { ...FINE.canary, ...change } });
const baseline = (change: object) => ({ ...FINE, baseline: { ...FINE.baseline, ...change } });
const pairs = (...numbers: number[]): { latency: SparseHistogram } => ({
  latency: { pairs: Uint32Array.from(numbers) },
});
const histogramWith = (answers: number): Histogram => {
  const histogram = createHistogram();
  histogram[300] = answers;
  return histogram;
};

const nested = (depth: number) => Array.from({ length: depth }).reduce((inner) => [inner], []);

const LIES: Readonly<Record<string, [tick: Tick<Latencies>, message: RegExp]>> = {
  'time that goes back': [{ ...FINE, at: 2 * SECOND }, /a tick of 2000 came after one of 3000/],
  'no time': [{ ...FINE, at: Number.NaN }, /a tick of NaN/],
  'the end of time': [{ ...FINE, at: Infinity }, /a tick of Infinity/],
  'more errors than requests': [canary({ errors: 21 }), /canary: 21 errors in 20 requests/],
  'errors without requests': [
    canary({ requests: 0, errors: 1, latency: createHistogram() }),
    /1 errors in 0/,
  ],
  'fewer failures than errors': [canary({ errors: 2, failures: 1 }), /canary: 1 failures in 20 requests/],
  'more failures than requests': [canary({ failures: 21 }), /canary: 21 failures in 20 requests/],
  'negative requests': [baseline({ requests: -1, errors: -1 }), /baseline, requests: -1 is not a count/],
  'negative errors': [baseline({ errors: -1 }), /baseline, errors: -1/],
  'requests that are no number': [canary({ requests: Number.NaN }), /canary, requests: NaN/],
  'endless requests': [canary({ requests: Infinity }), /canary, requests: Infinity/],
  'negative crashes': [canary({ crashes: -1 }), /canary, crashes: -1/],
  'endless running time': [canary({ instanceMinutes: Infinity }), /instance-minutes: Infinity/],
  'more answers than requests': [canary({ latency: histogramWith(21) }), /canary: 21 answers to 20 requests/],
  'a histogram of other buckets': [canary({ latency: new Uint32Array(10) }), /790 buckets, not 10/],
  'a bucket that does not exist': [canary(pairs(790, 1)), /bucket 790/],
  'buckets that do not rise': [canary(pairs(5, 1, 5, 1)), /bucket 5 after 5/],
  'half a pair': [canary(pairs(5, 1, 6)), /pairs, not 3 numbers/],
  'a negative number of slow clients': [canary({ slowClients: new Map([[300, -1]]) }), /slow clients: -1/],
  'an instance with less than nothing': [
    { ...FINE, stableInstances: [{ requests: -1, errors: 0 }] },
    /a stable instance, requests: -1/,
  ],
  'clients that are no number': [{ ...FINE, clients: { canary: Number.NaN, baseline: 0 } }, /clients: NaN/],
};

describe('counts that cannot be', () => {
  for (const [name, [tick, message]] of Object.entries(LIES))
    test(`${name}: refused, and nothing has changed`, () => {
      const judge = feed(judgeOf(), 3, HEALTHY, STABLE);
      const before = structuredClone(judge);
      assert.throws(
        () => observe(judge, tick),
        (error) => error instanceof RangeError && message.test(error.message),
      );
      assert.deepEqual(judge, before);
      observe(judge, FINE);
    });

  test('a tick of which every count is 0 is possible', () => {
    const judge = feed(judgeOf(), 3, HEALTHY, STABLE);
    const before = at(judge).record.evidence.logE;
    feed(judge, 1, {}, {});
    assert.deepEqual(at(judge).record.evidence.logE, before);
  });
});

describe('a tick as JSON', () => {
  const text = (tick: Tick<Latencies>) => JSON.stringify(tickToJson(tick));

  test('comes back as it was, whichever form its histograms had', () => {
    const slowClients = new Map([[300, 2]]);
    const tick = { ...FINE, canary: { ...FINE.canary, failures: 3, slowClients } };
    assert.deepEqual(tickFromJson(JSON.parse(text(tick))), tick);
    const sparse = { ...tick, canary: { ...tick.canary, latency: toSparse(tick.canary.latency) } };
    assert.equal(text(sparse), text(tick));
  });

  test('is short, and plain', () => {
    const small = { ...FINE, canary: arm({ requests: 1 }), baseline: arm({}) };
    assert.equal(
      text(small),
      '{"at":4000,"canary":{"requests":1,"errors":0,"latency":[313,1],"crashes":0,"instance_minutes":0.016666666666666666},' +
        '"baseline":{"requests":0,"errors":0,"latency":[],"crashes":0,"instance_minutes":0.016666666666666666},' +
        '"stable_instances":[[180,1,"one"]],"clients":{"canary":0,"baseline":1}}',
    );
  });

  test('what may be left out is taken as none', () => {
    const least = { at: 1, canary: { requests: 1, errors: 0 }, baseline: { requests: 0, errors: 0 } };
    const { canary: read } = tickFromJson(least);
    assert.deepEqual([read.crashes, read.instanceMinutes, read.latency], [0, 0, createHistogram()]);
  });

  test('nonsense is refused by the name of its field', () => {
    const json = JSON.parse(text(FINE)) as Record<string, Record<string, unknown>>;
    const without = (change: object) => ({ ...json, canary: { ...json['canary'], ...change } });
    const nonsense: readonly [unknown, RegExp][] = [
      [null, /tick: an object/],
      [[], /tick: an object/],
      [{ ...json, at: 'now' }, /at: a number .* not "now"/],
      [{ ...json, at: 1e300 }, /at: a time .* not 1e\+300/],
      [{ ...json, at: -1 }, /at: not negative/],
      [{ ...json, baseline: undefined }, /baseline: an object/],
      [without({ requests: 'x'.repeat(1e6) }), /^.{50,150}$/],
      [without({ requests: nested(100_000) }), /canary\.requests: a number was expected, not a list/],
      [without({ requests: -1 }), /canary\.requests: a whole number/],
      [without({ requests: 1.5 }), /canary\.requests: a whole number/],
      [without({ errors: null }), /canary\.errors: a number/],
      [without({ latency: [1] }), /canary\.latency: bucket and count in turn/],
      [without({ latency: [790, 1] }), /canary\.latency: a bucket below 790/],
      [without({ latency: 'fast' }), /canary\.latency: a list/],
      [without({ latency: [5, 5e9] }), /canary\.latency/],
      [without({ instance_minutes: -1 }), /canary\.instance_minutes: not negative/],
      [{ ...json, stable_instances: [[1, 2, 3]] }, /stable_instances\[0\]: a name/],
      [{ ...json, stable_instances: [1] }, /stable_instances\[0\]: a list/],
      [{ ...json, clients: { canary: 1 } }, /clients\.baseline: a number/],
    ];
    for (const [value, message] of nonsense)
      assert.throws(
        () => tickFromJson(value),
        (error) => error instanceof RangeError && message.test(error.message),
        `${message}`,
      );
  });
});
