import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { SpillwayError } from '../../src/core/errors.ts';
import { instanceId } from '../../src/core/ids.ts';
import { milliseconds, seconds } from '../../src/core/time.ts';
import { weightOf, type ArmName, type Weight } from '../../src/core/weights.ts';
import { bucketOf, countFrom } from '../../src/judge/histogram.ts';
import type { InstanceCounts, RoutedArm, Routing, Traffic, TrafficCounts } from '../../src/ports/traffic.ts';

/** A traffic provider to try, with instances behind it and clients in front. */
export interface TrafficRig {
  readonly traffic: Traffic;
  /** A routing of its arms; every request is drawn by itself. `<arm>-0` and `<arm>-1` are the instances of an arm. */
  routing(arms: Partial<Record<ArmName, number>>): Routing;
  /** Sends requests, each when the one before is answered; those that `fail` are answered with an error. */
  send(count: number, fail?: boolean): Promise<void>;
  /** Sends one request of a sticky visitor, whose answer takes at least 30 ms when it is `slow`. */
  visit(visitor: number, end: { readonly fail?: boolean; readonly slow?: boolean }): Promise<void>;
  /** Begins a request, and returns its end. */
  hold(): Promise<() => Promise<void>>;
  /** The provider ends without warning, and is there again. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** What the port promises, whatever stands behind it. */
export function trafficContract(name: string, make: () => Promise<TrafficRig>): void {
  describe(`the contract of traffic: ${name}`, () => {
    let rig: TrafficRig;
    let traffic: Traffic;
    let route: string;

    beforeEach(async () => {
      rig = await make();
      traffic = rig.traffic;
      route = rig.routing({ stable: 100 }).route;
    });
    afterEach(() => rig.remove());

    const coded = (code: SpillwayError['code']) => ({ code });
    const instances = (...names: string[]) => names.map(instanceId);
    const set = (arms: Partial<Record<ArmName, number>>, fence: number) =>
      traffic.set(rig.routing(arms), fence);
    const requestsOf = ({ instances: all }: TrafficCounts, arm: ArmName) =>
      all.filter((one) => one.arm === arm).reduce((sum, one) => sum + one.requests, 0);
    const observed = async () => {
      const seen = await traffic.observe(route);
      assert.ok(seen);
      return seen;
    };

    it('knows nothing of a route that was never set', async () => {
      assert.equal(await traffic.observe('no/route'), undefined);
      await assert.rejects(traffic.counts('no/route'), coded('not_found'));
      await assert.rejects(traffic.drain('no/route', [], seconds(1)), coded('not_found'));
      await assert.rejects(traffic.watchSlow('no/route', []), coded('not_found'));
    });

    it('observes what was set, and setting it again changes nothing', async () => {
      const routing = rig.routing({ stable: 90, canary: 10 });
      await traffic.set(routing, 3);
      const first = await observed();
      assert.deepEqual({ ...first.routing, listen: routing.listen }, routing);
      assert.equal(first.fence, 3);
      assert.deepEqual(
        first.arms,
        routing.arms.map((arm) => ({ ...arm, inFlight: 0 })),
      );
      await traffic.set(routing, 3);
      assert.deepEqual(await observed(), first);
    });

    it('refuses a set under an older fence, and stays as it is', async () => {
      await set({ stable: 100 }, 5);
      const before = await observed();
      await assert.rejects(set({ stable: 50, canary: 50 }, 4), coded('stale_fence'));
      assert.deepEqual(await observed(), before);
      await set({ stable: 50, canary: 50 }, 5);
      await set({ stable: 0, canary: 100 }, 6);
      assert.equal((await observed()).fence, 6);
    });

    it('refuses weights that are not 100% in all, and weight that nobody carries', async () => {
      await set({ stable: 100 }, 1);
      const before = await observed();
      const good = rig.routing({ stable: 90, canary: 10 });
      const change = (arm: ArmName, over: Partial<RoutedArm>): Routing => ({
        ...good,
        arms: good.arms.map((one) => (one.arm === arm ? { ...one, ...over } : one)),
      });
      const bad = [
        change('canary', { weight: weightOf(20) }),
        change('canary', { weight: weightOf(-10) }),
        change('canary', { weight: 999.5 as Weight }),
        change('canary', { endpoints: [] }),
      ];
      for (const routing of bad) await assert.rejects(traffic.set(routing, 2), coded('config_invalid'));
      assert.deepEqual(await observed(), before);
    });

    it('takes a routing without arms: the route is withdrawn, and stays known', async () => {
      await set({ stable: 100 }, 1);
      await rig.send(4);
      await set({}, 2);
      assert.deepEqual((await observed()).arms, []);
      assert.equal(requestsOf(await traffic.counts(route), 'stable'), 4);
      await set({ stable: 100 }, 3);
      await rig.send(4);
      assert.equal(requestsOf(await traffic.counts(route), 'stable'), 8);
    });

    it('gives an arm without weight nothing, and the next requests to whom a set names', async () => {
      await set({ stable: 100, canary: 0 }, 1);
      await rig.send(20);
      assert.equal(requestsOf(await traffic.counts(route), 'canary'), 0);
      await set({ stable: 0, canary: 100 }, 2);
      await rig.send(20);
      const counts = await traffic.counts(route);
      assert.deepEqual([requestsOf(counts, 'stable'), requestsOf(counts, 'canary')], [20, 20]);
    });

    it('counts every request of every instance, with its latency', async () => {
      await set({ stable: 100 }, 1);
      await rig.send(20);
      await rig.send(4, true);
      const counts = await traffic.counts(route);
      assert.equal(counts.rollout, rig.routing({ stable: 100 }).rollout);
      assert.equal(counts.dropped, 0);
      assert.deepEqual(counts.instances.map((one) => one.instance).toSorted(), ['stable-0', 'stable-1']);
      for (const { requests, errors, visitorErrors, latency, revision, version } of counts.instances) {
        assert.deepEqual([requests, errors, visitorErrors, countFrom(latency, 0)], [12, 2, 2, 12]);
        assert.deepEqual({ revision, version }, { revision: 'sha256:stable', version: 'version of stable' });
      }
    });

    it('counts a sticky visitor’s errors and slow answers once in a rollout', async () => {
      const sticky = { by: 'cookie', name: 'spillway' } as const;
      const [slow, slower] = [bucketOf(20), bucketOf(60_000)];
      await traffic.set({ ...rig.routing({ stable: 100 }), sticky }, 1);
      await traffic.watchSlow(route, [slow, slower]);
      for (let i = 0; i < 3; i++)
        for (const visitor of [1, 2]) await rig.visit(visitor, { fail: visitor === 1, slow: true });
      await rig.visit(3, {});
      const counts = await traffic.counts(route);
      const sum = (of: (one: InstanceCounts) => number) =>
        counts.instances.reduce((total, one) => total + of(one), 0);
      assert.deepEqual(
        [
          sum((one) => one.requests),
          sum((one) => one.errors),
          sum((one) => one.visitorErrors),
          sum((one) => one.failingVisitors),
        ],
        [7, 3, 1, 1],
      );
      const slowOnes = sum((one) => one.slowVisitors.get(slow) ?? 0);
      // On a busy machine the third may have been slow, too.
      assert.ok(slowOnes === 2 || slowOnes === 3, `${slowOnes} slow visitors`);
      assert.equal(
        sum((one) => one.slowVisitors.get(slower) ?? 0),
        0,
      );
      assert.deepEqual([counts.watched, counts.approximate], [[slow, slower], false]);

      await traffic.set({ ...rig.routing({ stable: 100 }), sticky, rollout: 'the next one' }, 2);
      assert.deepEqual((await traffic.counts(route)).watched, []);
      await rig.visit(1, { fail: true });
      const again = await traffic.counts(route);
      assert.equal(
        again.instances.reduce((total, one) => total + one.visitorErrors, 0),
        2,
      );
    });

    it('keeps the counts of instances that have left, within one epoch', async () => {
      await set({ stable: 100 }, 1);
      await rig.send(6);
      const before = await traffic.counts(route);
      await traffic.set({ ...rig.routing({ canary: 100 }), rollout: 'the next one' }, 2);
      await rig.send(6);
      const after = await traffic.counts(route);
      assert.equal(after.epoch, before.epoch);
      assert.equal(after.rollout, 'the next one');
      assert.deepEqual([requestsOf(after, 'stable'), requestsOf(after, 'canary')], [6, 6]);
    });

    it('lets a request end where it began, and drains', async () => {
      await set({ stable: 100 }, 1);
      const end = await rig.hold();
      const inFlight = async () => (await observed()).arms.map((arm) => arm.inFlight);
      assert.deepEqual(await inFlight(), [1]);
      await set({ stable: 0, canary: 100 }, 2);
      const both = instances('stable-0', 'stable-1');
      assert.equal(await traffic.drain(route, both, milliseconds(30)), 1);
      const drained = traffic.drain(route, both, seconds(10));
      await end();
      assert.equal(await drained, 0);
      assert.deepEqual(await inFlight(), [0, 0]);
      assert.equal(requestsOf(await traffic.counts(route), 'stable'), 1);
    });

    it('has nothing to drain of instances that it does not know', async () => {
      await set({ stable: 100 }, 1);
      assert.equal(await traffic.drain(route, instances('somebody'), seconds(10)), 0);
    });

    it('keeps its routes and fences over its own end, and says that counts begin again', async () => {
      await set({ stable: 75, canary: 25 }, 9);
      await rig.send(8);
      const [before, counted] = [await observed(), await traffic.counts(route)];
      await rig.restart();
      assert.deepEqual(await observed(), before);
      await assert.rejects(set({ stable: 100 }, 8), coded('stale_fence'));
      const counts = await traffic.counts(route);
      assert.notEqual(counts.epoch, counted.epoch);
      assert.deepEqual([requestsOf(counts, 'stable'), requestsOf(counts, 'canary')], [0, 0]);
      await rig.send(8);
      const again = await traffic.counts(route);
      assert.equal(requestsOf(again, 'stable') + requestsOf(again, 'canary'), 8);
    });
  });
}
