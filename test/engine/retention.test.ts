import assert from 'node:assert/strict';
import { it } from 'node:test';
import { deploymentId } from '../../src/core/ids.ts';
import { days, hours, instant, minutes, seconds, type Duration } from '../../src/core/time.ts';
import { DEFAULT_KEEP, Retention, type Keep } from '../../src/engine/retention.ts';
import type { Store } from '../../src/ports/store.ts';
import { seededChance } from '../support/chance.ts';
import { memoryStore } from '../support/memory-store.ts';
import { aLook, anItem } from '../support/store-samples.ts';
import { VirtualSystem } from '../support/virtual-system.ts';

/** A store of which somebody else may have the name. */
function begin(keep?: Keep, change: (store: Store) => Partial<Store> = () => ({})) {
  const system = new VirtualSystem();
  const direct = memoryStore(seededChance(1));
  const store = { ...direct, ...change(direct) };
  const told: unknown[] = [];
  const log = {
    info: (fields: object) => told.push(fields),
    warn: () => undefined,
    error: (fields: object) => told.push(fields),
  };
  const retention = new Retention({ store, system, log, ...(keep && { keep }) });
  const ago = (length: Duration) => instant(system.now() - length);
  retention.start();
  return { system, store, told, retention, ago };
}

const GONE = deploymentId('gone');

it('removes what is old a minute after the start and each hour after that, and says so', async (t) => {
  const { system, store, told, retention, ago } = begin();
  t.after(() => retention.stop());
  const rows = Array.from({ length: 1200 }, (_, n) => aLook(GONE, ago(days(31)) + n));
  await store.appendSeries([...rows, aLook(GONE, ago(days(29)))]);
  await store.receive(anItem('a', 'hash', { receivedAt: ago(days(8)) }));
  await system.advance(seconds(59));
  assert.equal((await store.series(GONE)).length, 1201);
  assert.equal(retention.status().removed, 'nothing was old');
  await system.advance(seconds(2));
  assert.equal((await store.series(GONE)).length, 1);
  assert.deepEqual(told, [{ removed: { series: 1200, deliveries: 0, payloads: 1, inbox: 0, tasks: 0 } }]);
  assert.equal(retention.status().removed, 'removed since the start: 1200 looks, 1 payloads');

  await store.appendSeries([aLook(GONE, ago(days(40)))]);
  await system.advance(minutes(58));
  assert.equal((await store.series(GONE)).length, 2);
  await system.advance(minutes(3));
  assert.equal((await store.series(GONE)).length, 1);
  assert.equal(told.length, 2);
});

it('keeps for as long as it is told to', async (t) => {
  const { system, store, retention, ago } = begin({ series: hours(1), payloads: DEFAULT_KEEP.payloads });
  t.after(() => retention.stop());
  await store.appendSeries([aLook(GONE, ago(minutes(70))), aLook(GONE, ago(minutes(50)))]);
  await system.advance(minutes(2));
  assert.equal((await store.series(GONE)).length, 1);
});

it('lets others get their turn between portions', async (t) => {
  const limits: number[] = [];
  const { system, store, retention, ago } = begin(undefined, (direct) => ({
    prune: (before, limit) => {
      limits.push(limit);
      return direct.prune(before, limit);
    },
  }));
  t.after(() => retention.stop());
  await store.appendSeries(Array.from({ length: 1200 }, (_, n) => aLook(GONE, ago(days(31)) + n)));
  await system.advance(minutes(1));
  assert.deepEqual(limits, [500], 'the rest waits');
  await system.advance(seconds(1));
  assert.deepEqual(limits, [500, 500, 500]);
});

it('is left to whoever has the name', async (t) => {
  const { system, store, retention, ago } = begin(undefined, () => ({ hold: async () => [] }));
  t.after(() => retention.stop());
  await store.appendSeries([aLook(GONE, ago(days(31)))]);
  await system.advance(hours(2));
  assert.equal((await store.series(GONE)).length, 1);
});

it('says what keeps it from it, and tries again', async (t) => {
  let isBroken = true;
  const { system, store, retention, ago } = begin(undefined, (direct) => ({
    prune: async (before, limit) => {
      if (isBroken) throw new Error('no room');
      return direct.prune(before, limit);
    },
  }));
  t.after(() => retention.stop());
  await store.appendSeries([aLook(GONE, ago(days(31)))]);
  await system.advance(minutes(2));
  assert.equal(retention.status().trouble, 'no room');
  isBroken = false;
  await system.advance(hours(1));
  assert.equal(retention.status().trouble, undefined);
  assert.equal((await store.series(GONE)).length, 0);
});
