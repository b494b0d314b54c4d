import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant, seconds } from '../../src/core/time.ts';
import { Counting } from '../../src/engine/observer/counting.ts';
import { Watch } from '../../src/engine/observer/watch.ts';
import { unpackLook } from '../../src/engine/observer/series.ts';
import type { SeriesRow } from '../../src/ports/store.ts';
import type { Routing, TrafficCounts } from '../../src/ports/traffic.ts';
import { createDummyTraffic } from '../../src/traffic/dummy/index.ts';
import { LANE, PLAN, World } from '../core/given.ts';
import { memoryStore } from '../support/memory-store.ts';
import { seededChance } from '../support/chance.ts';
import { realSystem } from '../support/real-system.ts';
import { routing } from '../traffic/rig.ts';
import { Bench } from './support/bench.ts';

const NOTHING = { crashes: { canary: 0, baseline: 0 }, instanceMinutes: { canary: 0, baseline: 0 } };

/** A sticky canary on dummy traffic, counted for its judge. */
async function counted() {
  const world = new World();
  world.serving('v1');
  const settings = { sticky: { by: 'cookie', name: 'spillway' } };
  const id = world.request('v2', { runtime: { ...PLAN.runtime, traffic: { type: 'dummy', settings } } });
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  const deployment = world.get(id);
  const { status, revision, previous } = deployment;
  assert.ok(status.state === 'deploying' && revision !== null && previous !== null);

  const traffic = createDummyTraffic({ system: realSystem });
  const half = routing({ stable: 50, canary: 50 });
  const arms = half.arms.map((arm) => ({
    ...arm,
    revision: (arm.arm === 'canary' ? revision : previous).digest,
  }));
  const sticky: Routing['sticky'] = { by: 'cookie', name: 'spillway' };
  await traffic.set({ ...half, arms, sticky, rollout: id }, 1);

  const store = memoryStore(seededChance(1));
  const watch = new Watch(deployment, []);
  const bench = new Bench();
  const counting = new Counting({ ...bench.world, store, traffic: async () => traffic }, LANE);
  const rollout = status.rollout;
  return {
    traffic,
    store,
    watch,
    look: (second: number) =>
      counting.look(instant(seconds(second)), NOTHING, { deployment, rollout, watch, serving: previous }),
    rest: (second: number) => counting.rest(instant(seconds(second)), previous),
    rows: (): Promise<readonly SeriesRow[]> => store.series(id),
    serve: (requests: number) => {
      for (let i = 0; i < requests; i++)
        traffic.request(half.route, `visitor ${i}`).end(false, 300 + (i % 50));
    },
  };
}

const requestsIn = (rows: readonly SeriesRow[]) =>
  rows.flatMap(({ payload }) => unpackLook(payload).counts).reduce((sum, one) => sum + one.requests, 0);

test('an answer that was overtaken by a newer one is not taken', async () => {
  const { traffic, look, rows, serve } = await counted();
  await look(1);
  serve(10);
  const late = Promise.withResolvers<TrafficCounts>();
  const before = traffic.counts('shop/production');
  const counts = traffic.counts.bind(traffic);
  const asked = Promise.withResolvers<void>();
  traffic.counts = () => {
    asked.resolve();
    return late.promise;
  };
  const overtaken = look(2);
  await asked.promise;
  traffic.counts = counts;
  serve(10);
  assert.equal(await look(3), true);
  late.resolve(await before);
  assert.equal(await overtaken, false);
  serve(10);
  await look(4);
  assert.equal(requestsIn(await rows()), 30);
});

test('a look that could not be recorded is recorded with the next one', async () => {
  const { store, look, rows, serve } = await counted();
  await look(1);
  serve(10);
  const appendSeries = store.appendSeries.bind(store);
  store.appendSeries = () => Promise.reject(new Error('the disk is full'));
  await assert.rejects(look(2), /disk is full/);
  store.appendSeries = appendSeries;
  serve(10);
  await look(3);
  assert.equal(requestsIn(await rows()), 20);
  assert.equal((await rows()).length, 3);
});

test('the provider is asked to count what the judge compares, once it is known, and again after it has forgotten', async () => {
  const { traffic, watch, look, rest, serve } = await counted();
  for (let second = 1; second <= 30; second++) {
    serve(100);
    await look(second);
  }
  const { watched } = await traffic.counts('shop/production');
  assert.ok(watched.length >= 4, `${watched.length} buckets`);
  assert.deepEqual(watched, watch.buckets);
  const asked = () => traffic.calls.filter(({ method }) => method === 'watchSlow').length;
  const before = asked();
  await look(31);
  assert.equal(asked(), before, 'what is watched is not asked for again');
  traffic.restart();
  await look(32);
  assert.deepEqual((await traffic.counts('shop/production')).watched, watched);
  await rest(33);
  assert.deepEqual((await traffic.counts('shop/production')).watched, []);
});
