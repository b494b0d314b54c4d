import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import { minutes, seconds } from '../../src/core/time.ts';
import { Bench, CONFIGURATION, LANE } from './support/bench.ts';

const ask = (bench: Bench, to: string | null, event: string = bench.system.id()) =>
  bench.engine.rollback({ lane: LANE, to, emergency: false, reason: 'complaints', actor: 'grace', event });

describe('going back by hand', () => {
  it('brings back what carried the traffic before', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    await bench.serve('1.1.0');
    const result = await ask(bench, null);
    assert.ok(result.ok && result.deployment !== null);
    await bench.until(result.deployment.id, 'monitoring', minutes(5));

    assert.equal(bench.traffic.share('1.0.0'), 100);
    assert.equal(bench.source.builds.length, 2, 'nothing was built again');
    await bench.stop();
  });

  it('brings back a version by its name', async () => {
    const bench = await Bench.start();
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await bench.serve(version);
    const result = await ask(bench, '1.0.0');
    assert.ok(result.ok && result.deployment !== null);
    await bench.until(result.deployment.id, 'monitoring', minutes(5));

    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('aborts what is rolling out', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(10));
    const result = await ask(bench, null);

    assert.equal(result.ok, true);
    await bench.until(id, 'failed', minutes(2));
    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('goes back one version, however often it is asked while it does', async () => {
    const bench = await Bench.start();
    for (const version of ['1.0.0', '1.1.0']) await bench.serve(version);
    const id = await bench.deploy('1.2.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(10));
    bench.traffic.lag = seconds(1);
    assert.equal((await ask(bench, null)).ok, true);
    const second = await ask(bench, null);
    assert.match(second.ok ? '' : second.reason, /rolling back already/);
    await bench.until(id, 'failed', minutes(2));
    await bench.system.advance(minutes(10));
    assert.equal(bench.traffic.share('1.1.0'), 100);
    await bench.stop();
  });

  it('goes back one version for one request, also when it is repeated after all has ended', async () => {
    const bench = await Bench.start();
    for (const version of ['1.0.0', '1.1.0']) await bench.serve(version);
    const id = await bench.deploy('1.2.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(10));
    assert.equal((await ask(bench, null, 'complaint-1')).ok, true);
    await bench.until(id, 'failed', minutes(2));
    const again = await ask(bench, null, 'complaint-1');
    assert.ok(again.ok && again.deployment?.id === id, 'the answer is what it led to');
    await bench.system.advance(minutes(10));
    assert.equal(bench.traffic.share('1.1.0'), 100);
    await bench.stop();
  });

  it('goes back one version for one event, also when the server dies before it has noted that', async () => {
    const bench = await Bench.start();
    for (const version of ['1.0.0', '1.1.0']) await bench.serve(version);
    const id = await bench.deploy('1.2.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(10));
    const record = bench.store.record.bind(bench.store);
    let dies = true;
    bench.store.record = async (events, tasks, completes) => {
      if (dies && completes !== null) throw new SpillwayError('unavailable', 'the power is gone');
      return record(events, tasks, completes);
    };
    const asks = `${CONFIGURATION}triggers: [{ event: workflow_dispatch, action: rollback }]\n`;
    const ref = bench.source.commit('rollback', asks);
    await bench.send({ application: 'shop', environment: 'production', ref, actor: 'grace' });
    await bench.until(id, 'failed', minutes(2));
    dies = false;
    await bench.crash();
    await bench.system.advance(minutes(10));
    assert.equal(bench.traffic.share('1.1.0'), 100);
    await bench.stop();
  });

  it('says what is known when there is no such version', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const nothing = await ask(bench, null);
    assert.match(nothing.ok ? '' : nothing.reason, /nothing carried the traffic before/);
    const unknown = await ask(bench, '0.9.0');
    assert.match(unknown.ok ? '' : unknown.reason, /0\.9\.0 was never live here.*known: 1\.0\.0/);
    await bench.stop();
  });

  it('is not undone by a retirement that comes late', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const stop = bench.target.stop.bind(bench.target);
    let blocked = true;
    bench.target.stop = async (...args) => {
      if (blocked) throw new SpillwayError('unavailable', 'busy');
      return stop(...args);
    };
    await bench.serve('1.1.0');
    const result = await ask(bench, '1.0.0');
    assert.ok(result.ok && result.deployment !== null);
    await bench.until(result.deployment.id, 'monitoring', minutes(5));
    const before = bench.traffic.accepted.length;
    const running = (await bench.running()).filter(
      ({ revision }) => revision === result.deployment?.revision?.digest,
    );
    blocked = false;
    await bench.system.advance(minutes(5));

    const after = bench.traffic.accepted.slice(before).flatMap(({ routing }) => routing.arms);
    assert.deepEqual(
      after.filter(({ version, weight }) => version === '1.1.0' && weight > 0),
      [],
    );
    const kept = new Set((await bench.running()).map(({ id }) => id));
    assert.ok(running.length > 0 && running.every(({ id }) => kept.has(id)), 'instances in use were ended');
    await bench.stop();
  });
});
