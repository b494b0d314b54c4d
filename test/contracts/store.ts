import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { deploymentId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { SpillwayError } from '../../src/core/errors.ts';
import type { Store } from '../../src/ports/store.ts';
import {
  SHOP,
  aDelivery,
  aDeployment,
  aLook,
  aSystemEvent,
  aTask,
  anAppend,
  anItem,
  resumed,
} from '../support/store-samples.ts';
import { auditContract } from './store-audit.ts';
import { holdContract } from './store-holds.ts';
import { pruneContract } from './store-prune.ts';
import { queryContract } from './store-queries.ts';
import { taskContract } from './store-tasks.ts';
import { writeContract } from './store-writes.ts';

/** A store that begins empty, and what a test may do to it. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes it and opens it again, as after a restart; null where nothing outlives the close. */
  readonly reopen: (() => Promise<Store>) | null;
  readonly dispose: () => Promise<void>;
}

/** What every implementation of the store's port must do. `make` gives a new, empty one each time. */
export function storeContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let made: StoreUnderTest;
    beforeEach(async () => {
      made = await make();
    });
    afterEach(() => made.dispose());

    writeContract(() => made.store);
    taskContract(() => made.store);
    queryContract(() => made.store);
    auditContract(() => made.store);
    holdContract(() => made.store);
    pruneContract(() => made.store);

    it('takes no call after the close', async () => {
      await made.store.close();
      await assert.rejects(made.store.lanes(), (error) => {
        assert.ok(error instanceof SpillwayError);
        return error.code === 'unavailable';
      });
    });

    it('answers what was called before the close', async () => {
      const pending = made.store.append(anAppend());
      await made.store.close();
      assert.equal((await pending).ok, true);
    });

    it('has everything after a restart, and claimed tasks can be claimed again', async (t) => {
      if (!made.reopen) return t.skip('nothing outlives the close');
      await restartKeepsEverything(made.store, made.reopen);
    });
  });
}

async function restartKeepsEverything(before: Store, reopen: () => Promise<Store>): Promise<void> {
  const append = anAppend({
    deployments: [aDeployment('d1')],
    events: [resumed('d1')],
    tasks: [aTask('claimed'), aTask('finished', { runAt: instant(1) })],
  });
  await before.append(append);
  await before.receive(anItem('a', 'hash', { task: aTask('event/a', { runAt: instant(9) }) }));
  await before.appendSeries([aLook('d1', 10)]);
  await before.recordDelivery(aDelivery('m1', 1, true));
  await before.putSetting('name', 'value');
  const tree = await before.sequenceAudit();
  const [claimed, finished] = await before.claim(instant(1), 2);
  assert.ok(claimed && finished);
  await before.finish(finished.key, finished.fence);
  const events = await before.events({ limit: 10 });

  const after = await reopen();
  assert.deepEqual((await after.loadLane(SHOP)).lane.deployments, [aDeployment('d1')]);
  assert.deepEqual(await after.events({ limit: 10 }), events);
  assert.deepEqual(await after.series(deploymentId('d1')), [aLook('d1', 10)]);
  assert.equal((await after.deliveries({ limit: 10, undeliveredOnly: false })).length, 1);
  assert.equal(await after.setting('name'), 'value');
  assert.deepEqual(await after.sequenceAudit(), tree);
  assert.equal((await after.receive(anItem('a', ''))).duplicate, true);

  assert.equal(await after.finish(claimed.key, claimed.fence), false, 'the claim ended with its owner');
  await after.record([aSystemEvent('server.started')], [aTask('finished')], null);
  const [again, ...others] = await after.claim(instant(1), 10);
  assert.deepEqual(others, [], 'a finished key stays used');
  assert.deepEqual(again, { ...claimed, fence: finished.fence + 1, attempt: 2 });
}
