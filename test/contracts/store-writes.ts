import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deploymentId } from '../../src/core/ids.ts';
import type { Json } from '../../src/core/json.ts';
import { emptyLane } from '../../src/core/lane.ts';
import { instant } from '../../src/core/time.ts';
import type { Store } from '../../src/ports/store.ts';
import { EVENT_SCHEMA } from '../../src/store/event-form.ts';
import {
  SHOP,
  aDeployment,
  aSystemEvent,
  aTask,
  anAppend,
  anItem,
  laneNamed,
  resumed,
} from '../support/store-samples.ts';

const d1 = deploymentId('d1');
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function writeContract(store: () => Store): void {
  describe('lanes', () => lanes(store));
  describe('appends', () => appends(store));
  describe('claims and appends', () => outcomes(store));
  describe('inbox', () => inbox(store));
}

function lanes(store: () => Store): void {
  it('gives an empty lane at version 0 for one that was never written', async () => {
    assert.deepEqual(await store().loadLane(SHOP), { version: 0, lane: emptyLane(SHOP) });
    assert.deepEqual(await store().lanes(), []);
  });

  it('loads what was appended: environment, version, live deployments oldest first', async () => {
    const environment = {
      ...emptyLane(SHOP).environment,
      locked: { since: instant(5), reason: 'every way back failed' },
    };
    const late = aDeployment('a-requested-last');
    const ended = aDeployment('d0', { state: 'completed', soakComplete: true });
    await store().append(anAppend({ deployments: [aDeployment('d1'), ended, aDeployment('d2')] }));
    await store().append(anAppend({ expectedVersion: 1, environment, deployments: [late] }));
    assert.deepEqual(await store().loadLane(SHOP), {
      version: 2,
      lane: { id: SHOP, environment, deployments: [aDeployment('d1'), aDeployment('d2'), late] },
    });
  });

  it('drops a deployment from its lane when it ends, and keeps it by its id', async () => {
    const ended = aDeployment('d1', { state: 'failed', reason: 'gate', rolledBack: null });
    await store().append(anAppend({ deployments: [aDeployment('d1')] }));
    await store().append(anAppend({ expectedVersion: 1, deployments: [ended] }));
    assert.deepEqual((await store().loadLane(SHOP)).lane.deployments, []);
    assert.deepEqual(await store().deployment(d1), ended);
    assert.equal(await store().deployment(deploymentId('unknown')), undefined);
  });

  it('keeps lanes apart: application and environment both count', async () => {
    const staging = laneNamed('shop', 'staging');
    const other = laneNamed('api');
    for (const lane of [staging, SHOP, other]) await store().append(anAppend({ lane }));
    await store().append(anAppend({ lane: staging, expectedVersion: 1 }));
    assert.equal((await store().loadLane(SHOP)).version, 1);
    assert.equal((await store().loadLane(staging)).version, 2);
    assert.deepEqual(await store().lanes(), [other, SHOP, staging]);
  });
}

function appends(store: () => Store): void {
  it('gives back its events as they are kept', async () => {
    const events = [resumed('d1', 1000), resumed('d1', 2000)];
    const result = await store().append(anAppend({ events }));
    assert.ok(result.ok);
    assert.equal(result.version, 1);
    assert.deepEqual(
      result.events.map(({ sequence, schema, lane, deployment, event }) => [
        sequence,
        schema,
        lane,
        deployment,
        event,
      ]),
      events.map((event, index) => [index + 1, EVENT_SCHEMA, SHOP, d1, event]),
    );
    assert.equal(new Set(result.events.map((event) => event.id)).size, 2);
    for (const { id } of result.events) assert.match(id, UUID);
    assert.deepEqual(await store().events({ limit: 10 }), result.events);
  });

  it('refuses an old version as a conflict and writes nothing', async () => {
    await store().append(anAppend({ events: [resumed('d1')] }));
    for (const expectedVersion of [0, 2]) {
      const refused = await store().append(
        anAppend({
          expectedVersion,
          deployments: [aDeployment('d1')],
          events: [resumed('d1')],
          tasks: [aTask('t1')],
        }),
      );
      assert.deepEqual(refused, { ok: false, why: 'conflict' });
    }
    assert.equal((await store().loadLane(SHOP)).version, 1);
    assert.equal(await store().deployment(d1), undefined);
    assert.equal((await store().events({ limit: 10 })).length, 1);
    assert.equal(await store().nextDue(), undefined);
    assert.equal((await store().sequenceAudit()).size, 1);
  });

  it('lets one of many concurrent appends to a version win', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, () => store().append(anAppend({ events: [resumed('d1')] }))),
    );
    assert.equal(results.filter((result) => result.ok).length, 1);
    assert.equal((await store().events({ limit: 100 })).length, 1);
  });

  it('commits concurrent calls in the order in which they were made', async () => {
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        store().append(anAppend({ expectedVersion: n, events: [resumed('d1', n)] })),
      ),
    );
    assert.ok(results.every((result) => result.ok));
    const kept = await store().events({ limit: 1000 });
    assert.deepEqual(
      kept.map(({ sequence, event }) => [sequence, event.at]),
      results.map((_, n) => [n + 1, n]),
    );
  });

  it('reads what was written before, also when called in the same turn', async () => {
    const written = store().append(anAppend());
    const read = store().loadLane(SHOP);
    const later = store().append(anAppend({ expectedVersion: 1 }));
    // Where reading does not wait in the line of writing, it may see what was called after it, too.
    assert.ok((await read).version >= 1);
    await Promise.all([written, later]);
  });

  it('answers each of a batch for itself when one of them cannot be kept', async () => {
    const unkeepable = aTask('bad', { payload: 1n as unknown as Json });
    const [first, bad, last] = await Promise.allSettled([
      store().append(anAppend({ events: [resumed('d1')], tasks: [aTask('t1')] })),
      store().append(
        anAppend({ expectedVersion: 1, events: [resumed('d1')], tasks: [aTask('t2'), unkeepable] }),
      ),
      store().append(anAppend({ expectedVersion: 1, events: [resumed('d1')], tasks: [aTask('t3')] })),
    ]);
    assert.equal(bad.status, 'rejected');
    assert.ok(first.status === 'fulfilled' && first.value.ok);
    assert.ok(last.status === 'fulfilled' && last.value.ok);
    assert.deepEqual(
      (await store().events({ limit: 10 })).map((event) => event.sequence),
      [1, 2],
    );
    const tasks = await store().claim(instant(0), 10);
    assert.deepEqual(
      tasks.map((task) => task.key),
      ['t1', 't3'],
    );
    assert.equal((await store().sequenceAudit()).size, 2);
  });

  it('records events outside any lane, with their tasks', async () => {
    const events = [aSystemEvent('server.started'), aSystemEvent('event.refused')];
    const result = await store().record(events, [aTask('t1')], null);
    assert.ok(result.ok);
    assert.deepEqual(
      result.events.map(({ sequence, lane, deployment, event }) => [sequence, lane, deployment, event]),
      events.map((event, index) => [index + 1, null, null, event]),
    );
    assert.deepEqual(await store().events({ limit: 10 }), result.events);
    assert.equal((await store().claim(instant(0), 10)).length, 1);
  });
}

function outcomes(store: () => Store): void {
  const claimed = async (deployment = d1) => {
    await store().append(anAppend({ tasks: [aTask('t1', { deployment })] }));
    const [task] = await store().claim(instant(0), 1);
    assert.ok(task);
    return { key: task.key, fence: task.fence };
  };

  it('ends the task whose outcome is appended, once', async () => {
    const completes = await claimed();
    const outcome = anAppend({ expectedVersion: 1, events: [resumed('d1')], completes });
    assert.equal((await store().append(outcome)).ok, true);
    assert.deepEqual(await store().append({ ...outcome, expectedVersion: 2 }), {
      ok: false,
      why: 'stale_fence',
    });
    assert.equal((await store().loadLane(SHOP)).version, 2);
    assert.deepEqual(await store().claim(instant(10), 10), []);
  });

  it('refuses an outcome with a fence that is not the last one, and writes nothing', async () => {
    const old = await claimed();
    assert.equal(await store().retry(old.key, old.fence, instant(0), 'no answer'), true);
    for (const step of ['queued again', 'claimed again']) {
      if (step === 'claimed again') await store().claim(instant(0), 1);
      const refused = { ok: false, why: 'stale_fence' } as const;
      const late = anAppend({ expectedVersion: 1, events: [resumed('d1')], completes: old });
      assert.deepEqual(await store().append(late), refused, step);
      assert.deepEqual(await store().record([aSystemEvent('event.ignored')], [], old), refused, step);
    }
    assert.deepEqual(await store().events({ limit: 10 }), []);
    assert.equal((await store().loadLane(SHOP)).version, 1);
  });

  it('says stale fence rather than conflict: deciding again would not help', async () => {
    const { key, fence } = await claimed();
    const late = anAppend({ expectedVersion: 0, completes: { key, fence: fence + 1 } });
    assert.deepEqual(await store().append(late), { ok: false, why: 'stale_fence' });
  });

  it('keeps the claim when the outcome met a conflict', async () => {
    const completes = await claimed();
    assert.deepEqual(await store().append(anAppend({ completes })), { ok: false, why: 'conflict' });
    assert.equal((await store().append(anAppend({ expectedVersion: 1, completes }))).ok, true);
  });

  it('cancels the open tasks of a deployment: late outcomes are stale, its new tasks are queued', async () => {
    const running = await claimed();
    await store().append(
      anAppend({
        expectedVersion: 1,
        tasks: [aTask('waiting', { deployment: d1 }), aTask('other', { deployment: deploymentId('d2') })],
      }),
    );
    const rollback = aTask('rollback', { deployment: d1, priority: 0 });
    await store().append(anAppend({ expectedVersion: 2, cancel: [d1], tasks: [rollback, aTask('waiting')] }));
    assert.deepEqual(
      (await store().claim(instant(0), 10)).map((task) => task.key),
      ['rollback', 'other'],
    );
    const late = anAppend({ expectedVersion: 3, completes: running });
    assert.deepEqual(await store().append(late), { ok: false, why: 'stale_fence' });
    assert.equal(await store().finish(running.key, running.fence), false);
    assert.equal(await store().retry(running.key, running.fence, instant(0), 'late'), false);
  });

  it('can complete a task and cancel the rest of its deployment at once', async () => {
    const completes = await claimed();
    const append = anAppend({ expectedVersion: 1, cancel: [d1], completes });
    assert.equal((await store().append(append)).ok, true);
  });

  it('completes a task by a record', async () => {
    const completes = await claimed();
    assert.equal((await store().record([aSystemEvent('event.ignored')], [], completes)).ok, true);
    assert.equal(await store().finish(completes.key, completes.fence), false);
  });
}

function inbox(store: () => Store): void {
  it('keeps an item once, with its task', async () => {
    const first = await store().receive(anItem('a', 'hash-a'));
    assert.ok(!first.duplicate);
    assert.match(first.id, UUID);
    const duplicate = { duplicate: true, of: first.id };
    assert.deepEqual(await store().receive(anItem('a', 'hash-b')), duplicate, 'same delivery');
    assert.deepEqual(await store().receive(anItem('b', 'hash-a')), duplicate, 'same body');
    const [task, ...others] = await store().claim(instant(0), 10);
    assert.deepEqual(others, []);
    assert.equal(task?.key, 'event/a');
    assert.equal(task.kind, 'event');
  });

  it('takes the same delivery or body from another source as new', async () => {
    const other = { source: 'gitlab', task: aTask('event/gitlab') };
    assert.equal((await store().receive(anItem('a', 'hash-a'))).duplicate, false);
    assert.equal((await store().receive(anItem('a', 'hash-a', other))).duplicate, false);
    assert.equal((await store().claim(instant(0), 10)).length, 2);
  });

  it('compares no empty bodies', async () => {
    assert.equal((await store().receive(anItem('a', ''))).duplicate, false);
    assert.equal((await store().receive(anItem('b', ''))).duplicate, false);
    assert.equal((await store().receive(anItem('b', ''))).duplicate, true);
  });

  it('names the delivery rather than the body when both were seen', async () => {
    const byBody = await store().receive(anItem('a', 'hash-a'));
    const byDelivery = await store().receive(anItem('b', 'hash-b'));
    assert.ok(!byBody.duplicate && !byDelivery.duplicate);
    assert.deepEqual(await store().receive(anItem('b', 'hash-a')), { duplicate: true, of: byDelivery.id });
  });

  it('lets one of many concurrent doubles in', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, () => store().receive(anItem('a', 'hash-a'))),
    );
    assert.equal(results.filter((result) => !result.duplicate).length, 1);
    assert.equal((await store().claim(instant(0), 10)).length, 1);
  });
}
