import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deploymentId } from '../../src/core/ids.ts';
import type { Input } from '../../src/core/input.ts';
import { instant } from '../../src/core/time.ts';
import { Lanes } from '../../src/engine/lanes.ts';
import { LANE, PLAN } from '../core/given.ts';
import { seededChance } from '../support/chance.ts';
import { memoryStore } from '../support/memory-store.ts';

const request = (id: string): Input => ({
  type: 'request',
  at: instant(1000),
  actor: 'ada',
  deployment: deploymentId(id),
  kind: 'release',
  plan: PLAN,
  request: {
    event: `event-${id}`,
    trigger: 'push',
    actor: 'ada',
    ref: null,
    commit: `commit-${id}`,
    version: null,
    reason: null,
    retryOf: null,
    revision: null,
    emergency: false,
  },
});
const noChannels = { channels: () => [] };

describe('inputs of a lane', () => {
  it('are decided on one after the other, each on what the one before has made', async () => {
    const store = memoryStore(seededChance(1));
    const lanes = new Lanes(store, noChannels, () => undefined);
    const ids = Array.from({ length: 20 }, (_, i) => `d${i}`);
    await Promise.all(ids.map((id) => lanes.submit(LANE, request(id))));

    assert.equal((await store.loadLane(LANE)).version, 20);
    assert.deepEqual(
      (await lanes.lane(LANE)).deployments.map(({ id }) => String(id)),
      ids,
    );
  });

  it('are decided on again when somebody else was faster', async () => {
    const store = memoryStore(seededChance(1));
    const ours = new Lanes(store, noChannels, () => undefined);
    const theirs = new Lanes(store, noChannels, () => undefined);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? ours : theirs).submit(LANE, request(`d${i}`))),
    );
    assert.equal((await ours.lane(LANE)).deployments.length, 10);
  });

  it('that change nothing leave nothing', async () => {
    const store = memoryStore(seededChance(1));
    let appends = 0;
    const lanes = new Lanes(store, noChannels, () => appends++);
    await lanes.submit(LANE, request('d1'));
    await lanes.submit(LANE, request('d1'));
    assert.equal(appends, 1);
    assert.equal((await store.loadLane(LANE)).version, 1);
  });

  it('are known to the observer as they are, though an older reading comes in late', async () => {
    const store = memoryStore(seededChance(1));
    const lanes = new Lanes(store, noChannels, () => undefined);
    await lanes.submit(LANE, request('d1'));
    const { promise, resolve } = Promise.withResolvers<void>();
    const loadLane = store.loadLane.bind(store);
    store.loadLane = async (id) => {
      const read = await loadLane(id);
      await promise;
      return read;
    };
    const slow = lanes.lane(LANE);
    await new Promise((turn) => setImmediate(turn));
    store.loadLane = loadLane;
    await lanes.submit(LANE, request('d2'));
    resolve();
    await slow;
    assert.equal(lanes.all()[0]?.deployments.length, 2);
  });
});
