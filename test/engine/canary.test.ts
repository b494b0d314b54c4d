import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { minutes } from '../../src/core/time.ts';
import { Bench } from './support/bench.ts';

describe('a canary from the event to its end', () => {
  it('takes all of the traffic step by step and completes when it is as good as the version before', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'completed');
    await bench.system.advance(minutes(1));

    assert.deepEqual(bench.sharesOf('1.1.0'), [10, 50, 100]);
    assert.equal((await bench.running()).length, 2, 'the version before has been retired');
    assert.equal(bench.traffic.dropped, 0);
    assert.equal(bench.openTasks(), 0, 'nothing was left undone');
    await bench.stop();
  });

  it('is taken back when it fails more often, before it gets more than its first share', async () => {
    const bench = await Bench.start();
    const before = await bench.serve('1.0.0');
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 0.1 : 0.001, latencyMs: 20 });
    const priorities = bench.prioritiesOf('shift');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'monitoring').catch(() => undefined);

    const ended = await bench.store.deployment(id);
    assert.deepEqual(ended?.status.state === 'failed' && ended.status.rolledBack, true);
    assert.deepEqual(bench.sharesOf('1.1.0'), [10]);
    assert.equal(bench.traffic.share('1.0.0'), 100);
    assert.deepEqual(priorities, [1, 0], 'the way back goes before everything else');
    const verdicts = await bench.store.events({ deployment: id, types: ['verdict.changed'], limit: 10 });
    const last = verdicts.at(-1)?.event;
    assert.equal(last?.type === 'verdict.changed' && last.verdict, 'issue');
    assert.equal((await bench.store.deployment(before))?.status.state, 'completed');
    await bench.stop();
  });

  it('does not go on without data', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    bench.traffic.rate = 0;
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(minutes(10));

    const held = await bench.store.deployment(id);
    assert.equal(held?.status.state, 'deploying');
    assert.notEqual(held.paused, null);
    assert.equal(bench.traffic.share('1.1.0'), 10);
    await bench.stop();
  });

  it('shows what it is judged by while it is judged', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(minutes(1));

    const live = await bench.engine.live(id);
    assert.equal(live?.assessment?.verdict, 'undecided');
    assert.ok((await bench.canaryRequests(id)) > 1000, 'a tenth of 200 requests a second');
    await bench.stop();
  });
});

describe('a first release', () => {
  it('takes all of the traffic in one step, and is withdrawn when it does not become healthy', async () => {
    const bench = await Bench.start({ script: () => ({ crashAfter: minutes(0), crashCode: 3 }) });
    const id = await bench.deploy('1.0.0');
    await bench.until(id, 'failed');

    const ended = await bench.store.deployment(id);
    assert.match(ended?.status.state === 'failed' ? ended.status.reason : '', /exited with code 3/);
    assert.deepEqual(bench.sharesOf('1.0.0'), []);
    assert.deepEqual(await bench.running(), []);
    await bench.stop();
  });
});
