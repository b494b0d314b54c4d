import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { beginStep, latencyBuckets, observe, type Judge } from '../../src/judge/index.ts';
import { arm, at, feed, judgeOf, SECOND, type Arm } from './given.ts';

const sticky = (settings = {}) => judgeOf({ unit: 'client', ...settings });

/** Slow clients of each bucket that the judge asks for. */
const slow = (judge: Judge, clients: number) =>
  new Map(latencyBuckets(judge).map((bucket) => [bucket, clients]));

const CANARY: Arm = { requests: 20, errors: 0 };
const STABLE: Arm = { requests: 180, errors: 1 };

/** A second in which so many clients had their first slow answer. */
const second = (judge: Judge, onCanary: number, onStable: number) =>
  feed(
    judge,
    1,
    { ...CANARY, slowClients: slow(judge, onCanary) },
    { ...STABLE, slowClients: slow(judge, onStable) },
  );

describe('where clients stay on their version', () => {
  test('the thresholds of latency are named: those of a warning and of an issue', () => {
    const judge = feed(sticky(), 2, CANARY, STABLE);
    const buckets = latencyBuckets(judge);
    assert.ok(buckets.length >= 5 && buckets.length <= 8, `${buckets.length}`);
    assert.deepEqual(
      buckets,
      buckets.toSorted((a, b) => a - b),
    );
    assert.deepEqual(latencyBuckets(judgeOf({ latency: false })), []);
  });

  test('they hold for a whole step, and are taken anew for the next', () => {
    const judge = feed(sticky(), 2, CANARY, STABLE);
    const first = latencyBuckets(judge);
    feed(judge, 60, CANARY, { ...STABLE, ms: 200 });
    assert.deepEqual(latencyBuckets(judge), first);
    beginStep(judge, judge.lastTickAt ?? 0);
    assert.ok((latencyBuckets(judge)[0] ?? 0) > (first[0] ?? 0));
  });

  test('a request for itself has thresholds that follow the baseline', () => {
    const judge = feed(judgeOf(), 2, CANARY, STABLE);
    const first = latencyBuckets(judge);
    beginStep(judge, judge.lastTickAt ?? 0);
    assert.deepEqual(latencyBuckets(judge), first);
    feed(judge, 60, CANARY, { ...STABLE, ms: 200 });
    assert.notDeepEqual(latencyBuckets(judge), first);
  });

  test('a dead release is seen in every request that fails, once a few clients have met it', () => {
    const dead = { requests: 20, failures: 16 };
    assert.equal(at(feed(sticky(), 1, { ...dead, errors: 5 }, STABLE)).rule, 'dead-release');
    assert.notEqual(at(feed(sticky(), 1, { ...dead, errors: 4 }, STABLE)).rule, 'dead-release');
    const alive = feed(sticky(), 1, { requests: 20, failures: 5, errors: 5 }, STABLE);
    assert.notEqual(at(alive).rule, 'dead-release');
  });

  test('they are not taken from a handful of answers', () => {
    const judge = feed(sticky(), 1, { requests: 2 }, { requests: 18 });
    assert.deepEqual(latencyBuckets(judge), []);
    feed(judge, 11, { requests: 2 }, { requests: 18 });
    assert.notDeepEqual(latencyBuckets(judge), []);
  });

  test('the warm-up gives the thresholds of the first step', () => {
    const judge = feed(sticky({ warmUpMs: 10 * SECOND }), 11, CANARY, STABLE);
    assert.notDeepEqual(latencyBuckets(judge), []);
  });

  test('slow answers count once a client, whatever the requests say', () => {
    const judge = feed(sticky(), 2, CANARY, STABLE);
    for (let i = 0; i < 20; i++)
      feed(
        judge,
        1,
        { ...CANARY, ms: 400, slowClients: slow(judge, 0) },
        { ...STABLE, slowClients: slow(judge, 0) },
      );
    assert.equal(at(judge).record.evidence.logE.latency, 0);
    for (let i = 0; i < 20; i++) second(judge, 5, 5);
    assert.ok((at(judge).record.evidence.logE.latency ?? 0) > Math.log(1000));
  });

  test('without counts of clients latency says nothing', () => {
    const judge = feed(sticky(), 30, { ...CANARY, ms: 400 }, STABLE);
    assert.equal(at(judge).record.evidence.logE.latency, null);
  });

  test('a one-sided tick keeps its slow clients for the next', () => {
    const [apart, together] = [feed(sticky(), 2, CANARY, STABLE), feed(sticky(), 2, CANARY, STABLE)];
    for (let i = 0; i < 10; i++) {
      const time = (judge: Judge) => (judge.lastTickAt ?? 0) + SECOND;
      observe(apart, {
        at: time(apart),
        canary: arm({ ...CANARY, slowClients: slow(apart, 4) }),
        baseline: arm({}),
      });
      observe(apart, {
        at: time(apart),
        canary: arm({}),
        baseline: arm({ ...STABLE, slowClients: slow(apart, 4) }),
      });
      second(together, 4, 4);
    }
    const latencyOf = (judge: Judge) => at(judge).record.evidence.logE.latency;
    assert.equal(latencyOf(apart), latencyOf(together));
    assert.ok((latencyOf(apart) ?? 0) > 0);
  });
});
