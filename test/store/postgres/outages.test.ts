import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { SpillwayError } from '../../../src/core/errors.ts';
import { deploymentId } from '../../../src/core/ids.ts';
import { instant } from '../../../src/core/time.ts';
import { noPostgres } from '../../support/postgres.ts';
import { SHOP, aSystemEvent, aTask, anAppend, anItem, resumed } from '../../support/store-samples.ts';
import { clusterOfSuite, databaseOf } from './cluster.ts';
import { lossyWay } from './lossy-way.ts';
import { Model, eventually, follow } from './model.ts';

const isUnavailable = (error: unknown) => {
  assert.ok(error instanceof SpillwayError);
  assert.equal(error.code, 'unavailable');
  assert.match(error.where ?? '', /^postgres:\/\/127\.0\.0\.1:\d+\/store_\d+$/);
  assert.match(error.hint ?? '', /Check that the server runs/);
  return true;
};

describe('PostgreSQL in trouble', { skip: noPostgres ?? false }, () => {
  const cluster = clusterOfSuite();

  // These first: after a crash the server reads through every file of every database before it starts.
  it('loses nothing that was acknowledged and doubles nothing when the server crashes', async (t) => {
    const url = await cluster.database();
    const stores = [await cluster.open(t, url), await cluster.open(t, url), await cluster.open(t, url)];
    const seen = follow(stores[2]!);
    const model = new Model(stores);
    await model.run(1, async () => {
      await cluster.server().crash();
      await cluster.server().start();
    });
    await model.verify(await seen.end());
  });

  it('answers calls made during an outage when it is over in time, else says so; then goes on by itself', async (t) => {
    const url = await cluster.database();
    const store = await cluster.open(t, url, { timeout: 1500 });
    const [held] = await store.hold(['audit']);
    await cluster.server().crash();
    const refused = await Promise.allSettled([
      store.append(anAppend()),
      store.loadLane(SHOP),
      store.drawFence(),
    ]);
    for (const one of refused) assert.ok(one.status === 'rejected' && isUnavailable(one.reason));
    assert.equal(held?.lost.aborted, true);
    const waiting = Promise.allSettled([store.append(anAppend({ events: [resumed('d1')] }))]);
    await cluster.server().start();
    const [late] = await waiting;
    const first = late.status === 'fulfilled' ? 1 : 0;
    const result = await eventually(() =>
      store.append(anAppend({ expectedVersion: first, events: [resumed('d1')] })),
    );
    assert.equal(result.ok, true);
    assert.equal((await store.loadLane(SHOP)).version, first + 1);
    assert.equal((await store.hold(['audit'])).length, 1);
  });

  async function overLossyWay(t: TestContext) {
    const way = await lossyWay(await cluster.database());
    t.after(() => way.close());
    return { way, store: await cluster.open(t, way.url) };
  }

  for (const what of ['question', 'answer'] as const) {
    it(`does once what it was asked when the ${what} gets lost`, async (t) => {
      const { way, store } = await overLossyWay(t);
      await store.append(anAppend({ tasks: [aTask('t1', { deployment: deploymentId('d1') })] }));

      way.loseNext(what);
      const [task, ...others] = await store.claim(instant(0), 5);
      assert.ok(task);
      assert.deepEqual([others, task.attempt], [[], 1]);
      way.loseNext(what);
      const append = anAppend({
        expectedVersion: 1,
        events: [resumed('d1')],
        completes: task,
        tasks: [aTask('t2')],
      });
      const result = await store.append(append);
      assert.ok(result.ok);
      assert.equal(result.version, 2);
      way.loseNext(what);
      assert.equal((await store.receive(anItem('a', 'hash'))).duplicate, false);
      way.loseNext(what);
      const recorded = await store.record([aSystemEvent('event.ignored')], [], null);
      assert.equal(way.cuts(), 4);

      assert.ok(recorded.ok);
      assert.deepEqual(await store.events({ limit: 10 }), [...result.events, ...recorded.events]);
      assert.equal((await store.loadLane(SHOP)).version, 2);
      const rest = await store.claim(instant(0), 5);
      assert.deepEqual(
        rest.map(({ key }) => key),
        ['t2', 'event/a'],
      );
    });
  }

  it('goes on when the way back is found at the third try only', async (t) => {
    const { way, store } = await overLossyWay(t);
    await store.append(anAppend());
    way.loseNext('question');
    way.refuseNext(2);
    assert.deepEqual(await store.append(anAppend({ expectedVersion: 1 })), {
      ok: true,
      version: 2,
      events: [],
    });
  });

  it('never waits longer than its time for a server that does not answer', async (t) => {
    const store = await cluster.open(t, await cluster.database(), { timeout: 400, lease: 1200 });
    const other = await cluster.open(t, await cluster.database(), { timeout: 400 });
    const [held] = await store.hold(['audit']);
    assert.ok(held);
    await other.lanes();
    const pids = await pausedBackends(cluster.server().pid());
    try {
      await assert.rejects(store.append(anAppend()), isUnavailable);
      await assert.rejects(store.lanes(), isUnavailable);
      if (!held.lost.aborted) await once(held.lost, 'abort');
      await other.close();
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    }
    // The server may find the first append on its desk when it wakes up: then it is kept, and this one decides again.
    const again = async () => {
      const { version } = await store.loadLane(SHOP);
      return store.append(anAppend({ expectedVersion: version }));
    };
    const first = await eventually(again);
    assert.ok(first.ok || (await again()).ok);
  });

  it('loses nothing that was acknowledged and doubles nothing, whatever sessions are killed', async (t) => {
    const url = await cluster.database();
    const stores = [await cluster.open(t, url), await cluster.open(t, url), await cluster.open(t, url)];
    const seen = follow(stores[2]!);
    const model = new Model(stores);
    await model.run(10, async () => {
      await cluster.server().query(
        databaseOf(url),
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.5`,
      );
    });
    await model.verify(await seen.end());
  });
});

/** Stops the server and all its sessions, as a machine that hangs. @returns their processes */
async function pausedBackends(postmaster: number): Promise<readonly number[]> {
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  const pids = [postmaster, ...children.trim().split(' ').map(Number)];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  return pids;
}
