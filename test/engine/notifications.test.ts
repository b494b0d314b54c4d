import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hours, minutes, seconds } from '../../src/core/time.ts';
import type { Receipt } from '../../src/ports/notifier.ts';
import { notifyTasks } from '../../src/engine/notify-tasks.ts';
import { Runner } from '../../src/engine/runner.ts';
import { Bench, LANE } from './support/bench.ts';

const refused: Receipt = {
  delivered: false,
  answer: 'connect ECONNREFUSED',
  latencyMs: 3,
  retryAfterMs: null,
  retry: true,
};

describe('messages', () => {
  it('tell a channel of what has happened, once each', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    await bench.system.settle();

    const types = bench.delivered.map(({ message }) => message.type);
    for (const type of ['deployment.started', 'deployment.live', 'deployment.completed'])
      assert.equal(types.filter((one) => one === type).length, 1, type);
    assert.equal(new Set(bench.delivered.map(({ key }) => key)).size, bench.delivered.length);
    await bench.stop();
  });

  it('hold nothing else up while their sink hangs, and arrive when it is back', async () => {
    const bench = await Bench.start();
    bench.sink = () => new Promise(() => undefined);
    await bench.serve('1.0.0');
    await bench.serve('1.1.0');
    assert.equal(bench.delivered.length, 0);
    const waiting = await bench.store.deliveries({ limit: 100, undeliveredOnly: true });
    assert.ok(waiting.length > 0 && waiting.every(({ answer }) => answer === 'no answer in time'));
    assert.equal((await bench.engine.health()).subsystems['notifications']?.status, 'degraded');

    bench.sink = async () => ({ ...refused, delivered: true, answer: '204', retry: false });
    await bench.system.advance(minutes(15));
    const types = bench.delivered.map(({ message }) => message.type);
    assert.equal(types.filter((type) => type === 'deployment.completed').length, 2);
    assert.deepEqual(await bench.store.deliveries({ limit: 100, undeliveredOnly: true }), []);
    await bench.stop();
  });

  it('come again more and more slowly, and are given up after a day', async () => {
    const bench = new Bench();
    const { store, system, world } = bench;
    const message = {
      type: 'test',
      severity: 'info',
      title: 'a test',
      at: system.now(),
      fields: {},
    } as const;
    const payload = { channel: 'ops', message };
    const task = {
      key: 'notify/1',
      kind: 'notify',
      lane: LANE,
      deployment: null,
      queue: 'ops',
      priority: 2,
    } as const;
    await store.record([], [{ ...task, payload, runAt: system.now() }], null);
    const attempts: number[] = [];
    bench.sink = async () => {
      attempts.push(system.now());
      return refused;
    };
    const runner = new Runner({ store, system, log: world.log, handler: () => notifyTasks(world) });
    runner.start();
    await system.advance(hours(50));

    const gaps = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
    assert.deepEqual(
      gaps,
      gaps.toSorted((a, b) => a - b),
      'each gap is at least as long as the one before',
    );
    assert.equal(gaps[0], seconds(1));
    assert.equal(gaps.at(-1), minutes(10));
    assert.ok((attempts.at(-1) ?? 0) - (attempts[0] ?? 0) <= hours(25));
    assert.equal(await store.nextDue(), undefined);
    assert.equal((await store.deliveries({ limit: 500, undeliveredOnly: true })).length, 1, 'still listed');
    const stopping = runner.stop(seconds(1));
    await system.advance(seconds(2));
    await stopping;
  });

  it('wait as long as the sink asks them to', async () => {
    const bench = await Bench.start();
    const attempts = new Map<number, number>();
    bench.sink = async () => {
      const now = bench.system.now();
      attempts.set(now, (attempts.get(now) ?? 0) + 1);
      return { ...refused, retryAfterMs: seconds(90) };
    };
    await bench.deploy('1.0.0');
    const [first = 0] = attempts.keys();
    await bench.system.advance(seconds(89));
    const between = [...attempts.keys()].filter((at) => at > first && at < first + seconds(90));
    const atFirst = attempts.get(first) ?? 0;
    await bench.system.advance(seconds(2));
    assert.ok(atFirst >= 1);
    assert.equal(attempts.get(first + seconds(90)), atFirst);
    assert.ok(between.every((at) => (attempts.get(at) ?? 0) <= atFirst));
    await bench.stop();
  });
});
