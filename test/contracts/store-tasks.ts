import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deploymentId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import type { ClaimedTask, NewTask, Store } from '../../src/ports/store.ts';
import { SHOP, aTask, anAppend } from '../support/store-samples.ts';

const keys = (tasks: readonly NewTask[]) => tasks.map((task) => task.key);

export function taskContract(store: () => Store): void {
  const queue = (...tasks: readonly NewTask[]) => store().record([], tasks, null);
  describe('tasks', () => claiming(store, queue));
  describe('tasks of many queues', () => fairness(store, queue));
  describe('tasks that were claimed', () => handingBack(store, queue));
}

type Queue = (...tasks: readonly NewTask[]) => Promise<unknown>;

function claiming(store: () => Store, queue: Queue): void {
  it('gives a task as it was queued, with a fence and the attempt', async () => {
    const task = aTask('t1', {
      kind: 'timer',
      lane: SHOP,
      deployment: deploymentId('d1'),
      payload: { nested: ['ü', null, 1.5, true] },
      runAt: instant(5),
      queue: 'shop',
      priority: 0,
    });
    await queue(task);
    assert.deepEqual(await store().claim(instant(5), 10), [{ ...task, fence: 1, attempt: 1 }]);
  });

  it('gives a task only when it is due, and only once', async () => {
    await queue(aTask('soon', { runAt: instant(10) }), aTask('later', { runAt: instant(20) }));
    assert.equal(await store().nextDue(), 10);
    assert.deepEqual(await store().claim(instant(9), 10), []);
    assert.deepEqual(keys(await store().claim(instant(10), 10)), ['soon']);
    assert.deepEqual(keys(await store().claim(instant(10), 10)), []);
    assert.equal(await store().nextDue(), 20);
    assert.deepEqual(keys(await store().claim(instant(20), 10)), ['later']);
    assert.equal(await store().nextDue(), undefined);
  });

  it('says when a task is due that could have been claimed and was not', async () => {
    await queue(aTask('a', { runAt: instant(3) }), aTask('b', { runAt: instant(2) }));
    assert.deepEqual(keys(await store().claim(instant(5), 1)), ['b']);
    assert.equal(await store().nextDue(), 3);
  });

  it('goes by priority, then by the time they were due, then by their order', async () => {
    await queue(
      aTask('normal', { priority: 2 }),
      aTask('second', { runAt: instant(2) }),
      aTask('first', { runAt: instant(1) }),
      aTask('rollback', { priority: 0, runAt: instant(9) }),
      aTask('third', { runAt: instant(2) }),
      aTask('not due', { priority: 0, runAt: instant(11) }),
    );
    const order = ['rollback', 'first', 'second', 'third', 'normal'];
    assert.deepEqual(keys(await store().claim(instant(10), 10)), order);
  });

  it('leaves out a task whose key is queued, claimed, finished or cancelled', async () => {
    const d1 = deploymentId('d1');
    await queue(aTask('queued', { payload: 'first' }), aTask('queued', { payload: 'second' }));
    const [first] = await store().claim(instant(0), 1);
    assert.equal(first?.payload, 'first');
    await queue(aTask('queued'));
    assert.deepEqual(await store().claim(instant(0), 10), []);
    await store().finish(first.key, first.fence);
    await store().append(anAppend({ tasks: [aTask('cancelled', { deployment: d1 })] }));
    await store().append(anAppend({ expectedVersion: 1, cancel: [d1] }));
    await queue(aTask('queued'), aTask('cancelled'));
    assert.deepEqual(await store().claim(instant(0), 10), []);
    assert.equal(await store().nextDue(), undefined);
  });

  it('draws every fence once, and each larger than the one before', async () => {
    await queue(aTask('a'), aTask('b'));
    const fences = [
      await store().drawFence(),
      ...(await store().claim(instant(0), 2)).map((task) => task.fence),
      await store().drawFence(),
    ];
    assert.deepEqual(fences, [1, 2, 3, 4]);
  });

  it('gives no task to two concurrent claims', async () => {
    await queue(...Array.from({ length: 50 }, (_, n) => aTask(`t${n}`)));
    const claims = await Promise.all(Array.from({ length: 20 }, () => store().claim(instant(0), 3)));
    const claimed = claims.flat();
    assert.equal(claimed.length, 50);
    assert.equal(new Set(keys(claimed)).size, 50);
    assert.equal(new Set(claimed.map((task) => task.fence)).size, 50);
  });
}

function fairness(store: () => Store, queue: Queue): void {
  const many = (name: string, count: number, more: Partial<NewTask> = {}) =>
    Array.from({ length: count }, (_, n) => aTask(`${name}/${n}`, { queue: name, ...more }));

  it('serves queues in turn within one claim', async () => {
    await queue(...many('busy', 5), ...many('quiet', 2, { runAt: instant(1) }));
    const order = ['busy/0', 'quiet/0', 'busy/1', 'quiet/1', 'busy/2'];
    assert.deepEqual(keys(await store().claim(instant(1), 5)), order);
  });

  it('serves queues in turn over claims of one, however long one of them is', async () => {
    await queue(...many('busy-1', 10_000));
    await queue(...many('busy-2', 10_000), aTask('lone', { queue: 'quiet', runAt: instant(1) }));
    const claimed: ClaimedTask[] = [];
    for (let n = 0; n < 6; n += 1) claimed.push(...(await store().claim(instant(1), 1)));
    const order = ['busy-1/0', 'busy-2/0', 'lone', 'busy-1/1', 'busy-2/1', 'busy-1/2'];
    assert.deepEqual(keys(claimed), order);
  });

  it('leaves out queues, and what is too much of one, when it is told to', async () => {
    await queue(...many('busy', 3), ...many('full', 3), ...many('quiet', 1));
    await queue(...many('busy', 1, { key: 'urgent', priority: 0 }));
    const limits = { without: ['full'], each: 2 };
    assert.deepEqual(keys(await store().claim(instant(0), 10, limits)), ['urgent', 'quiet/0', 'busy/0']);
    assert.deepEqual(keys(await store().claim(instant(0), 10, limits)), ['busy/1', 'busy/2']);
    assert.deepEqual(keys(await store().claim(instant(0), 10)), ['full/0', 'full/1', 'full/2']);
  });

  it('lets no turn go before a priority', async () => {
    await queue(...many('busy', 2, { priority: 0 }), aTask('quiet', { queue: 'quiet' }));
    assert.deepEqual(keys(await store().claim(instant(0), 3)), ['busy/0', 'busy/1', 'quiet']);
  });
}

function handingBack(store: () => Store, queue: Queue): void {
  const claimOne = async (now = 0) => {
    const [task] = await store().claim(instant(now), 1);
    assert.ok(task);
    return task;
  };

  it('ends a finished task; a second time is refused', async () => {
    await queue(aTask('t1'));
    const { key, fence } = await claimOne();
    assert.equal(await store().finish(key, fence + 1), false);
    assert.equal(await store().finish(key, fence), true);
    assert.equal(await store().finish(key, fence), false);
    assert.equal(await store().finish('unknown', fence), false);
    assert.deepEqual(await store().claim(instant(0), 10), []);
  });

  it('puts a task back for a later time, with a new fence and the next attempt', async () => {
    await queue(aTask('t1'));
    const first = await claimOne();
    assert.equal(await store().retry(first.key, first.fence, instant(50), 'no answer'), true);
    assert.equal(await store().nextDue(), 50);
    assert.deepEqual(await store().claim(instant(49), 1), []);
    const second = await claimOne(50);
    assert.deepEqual(second, { ...first, runAt: 50, fence: first.fence + 1, attempt: 2 });
  });

  it('refuses the old fence of a task that was put back', async () => {
    await queue(aTask('t1'));
    const first = await claimOne();
    await store().retry(first.key, first.fence, instant(0), 'no answer');
    assert.equal(await store().finish(first.key, first.fence), false);
    assert.equal(await store().retry(first.key, first.fence, instant(9), 'again'), false);
    const second = await claimOne();
    assert.equal(await store().finish(first.key, first.fence), false);
    assert.equal(await store().finish(second.key, second.fence), true);
  });
}
