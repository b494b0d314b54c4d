import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { milliseconds, minutes, seconds } from '../../src/core/time.ts';
import { Bench, CONFIGURATION, LANE } from './support/bench.ts';

describe('what is retired', () => {
  it('gets the time to end that its configuration gives it', async () => {
    const bench = await Bench.start();
    const configuration = CONFIGURATION.replace(
      'type: dummy, instances',
      'type: dummy, stop_timeout: 3s, instances',
    );
    await bench.serve('1.0.0', configuration);
    const stop = bench.target.stop.bind(bench.target);
    const graces: number[] = [];
    bench.target.stop = (lane, instances, grace) => {
      graces.push(grace);
      return stop(lane, instances, grace);
    };
    await bench.serve('1.1.0', configuration);
    assert.deepEqual([...new Set(graces)], [3000]);
    await bench.stop();
  });
});

describe('what should run is kept running', () => {
  it('starts an instance that has ended again, and brings its new address into the routing', async () => {
    const bench = await Bench.start({
      script: (launch) => (launch === 1 ? { crashAfter: minutes(30) } : {}),
    });
    await bench.serve('1.0.0');
    const first = bench.traffic.endpoints('1.0.0');
    await bench.system.advance(minutes(25));

    const running = await bench.running();
    assert.equal(running.length, 2);
    assert.deepEqual([...bench.traffic.endpoints('1.0.0')].sort(), running.map(({ id }) => id).sort());
    assert.notDeepEqual(bench.traffic.endpoints('1.0.0'), first);
    await bench.stop();
  });

  it('takes an instance that answers badly out of the routing, but never the last one', async () => {
    const bench = await Bench.start({
      script: (launch) => (launch === 1 ? { unhealthyAfter: minutes(30) } : { unhealthyAfter: minutes(60) }),
    });
    await bench.serve('1.0.0');
    await bench.system.advance(minutes(25));
    assert.deepEqual(bench.traffic.endpoints('1.0.0'), ['dummy-2']);
    await bench.system.advance(minutes(40));
    assert.deepEqual(bench.traffic.endpoints('1.0.0'), ['dummy-2']);
    await bench.stop();
  });

  it('starts everything again at once after the machine has gone down, and says until then that it is not there', async () => {
    const reboot = minutes(30);
    const bench = await Bench.start({
      script: (launch) => (launch <= 2 ? { crashAfter: reboot } : { healthyAfter: seconds(1) }),
    });
    await bench.serve('1.0.0');
    await bench.system.advance(minutes(25));
    await bench.stop();
    for (const { id } of await bench.running()) await bench.target.stop(LANE, [id], seconds(0));
    const began = bench.system.now();
    await bench.startEngine();
    await bench.system.advance(milliseconds(500));
    const { status, subsystems } = await bench.engine.health();
    assert.equal(status, 'degraded');
    assert.match(subsystems['lanes']?.reason ?? '', /0 of 2 instances of 1\.0\.0 are ready/);
    await bench.system.until(async () => (await bench.engine.health()).status === 'healthy', minutes(1));
    const running = (await bench.running()).map(({ id }) => id).sort();
    assert.deepEqual([...bench.traffic.endpoints('1.0.0')].sort(), running);
    const took = bench.system.now() - began;
    assert.ok(took <= 3000, `${took} ms`);
    await bench.stop();
  });

  it('waits longer each time with what ends again and again', async () => {
    const bench = await Bench.start({
      script: (launch) => (launch > 2 ? { crashAfter: seconds(0) } : { crashAfter: minutes(30) }),
    });
    await bench.serve('1.0.0');
    const before = bench.target.calls.filter(({ method }) => method === 'start').length;
    await bench.system.advance(minutes(30));
    const starts = bench.target.calls.filter(({ method }) => method === 'start').length - before;
    assert.ok(starts >= 10 && starts <= 50, `${starts} starts in about 12 minutes`);
    await bench.stop();
  });

  it('gives a provider that has lost everything its routing back', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(30));
    bench.traffic.restart({ forget: true });
    await bench.system.advance(seconds(3));

    assert.equal(bench.traffic.share('1.1.0'), 10);
    assert.equal(bench.traffic.share('1.0.0'), 90);
    await bench.until(id, 'completed');
    await bench.stop();
  });

  it('corrects weights that somebody else has set', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(30));
    const [ours] = bench.traffic.accepted.slice(-1);
    const arms = ours?.routing.arms.map((arm) => ({ ...arm, weight: 5000 as typeof arm.weight })) ?? [];
    if (ours !== undefined) await bench.traffic.set({ ...ours.routing, arms }, ours.fence);
    await bench.system.advance(seconds(3));

    assert.equal(bench.traffic.share('1.1.0'), 10);
    await bench.stop();
  });

  it('takes a release back whose instances no longer answer, while it soaks', async () => {
    const bench = await Bench.start({
      script: (_launch, { revision }) =>
        revision.release.version === '1.1.0' ? { unhealthyAfter: minutes(12) } : {},
    });
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'monitoring');
    await bench.until(id, 'failed');

    assert.match(await bench.story(id), /degradation\.found rollback\.started/);
    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  for (const { every, window, said } of [
    { every: seconds(20), window: '', said: '5m' },
    {
      every: minutes(4),
      window: '\n    automatic_rollback_triggers: { crash_rate: { window: 30m } }',
      said: '30m',
    },
  ])
    it(`takes a release back that is in a crash loop (3 crashes within ${said})`, async () => {
      const bench = await Bench.start({
        script: (_launch, { revision }) =>
          revision.release.version === '1.1.0' ? { crashAfter: every } : {},
      });
      await bench.serve('1.0.0');
      const unhurried = CONFIGURATION.replace('interval: 1s', 'interval: 1m').replace(
        'strategy: canary',
        `strategy: canary\n    monitoring: basic${window}`,
      );
      const id = await bench.deploy('1.1.0', unhurried);
      await bench.until(id, 'failed', minutes(20));

      const ended = await bench.store.deployment(id);
      assert.match(
        ended?.status.state === 'failed' ? ended.status.reason : '',
        new RegExp(`^crash loop: 3 crashes within ${said}; the last: dummy-\\d+ exited with code 1`),
      );
      assert.equal(bench.traffic.share('1.0.0'), 100);
      await bench.stop();
    });

  it('ends what a failed retirement has left behind, once it is no more than that', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const stop = bench.target.stop.bind(bench.target);
    bench.target.stop = () => Promise.reject(new Error('host unreachable'));
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'completed');
    await bench.system.advance(minutes(12));
    assert.equal((await bench.running()).length, 4, 'the retirement has given up');
    bench.target.stop = stop;
    await bench.system.advance(minutes(4));

    const running = await bench.running();
    assert.deepEqual([...bench.traffic.endpoints('1.1.0')].sort(), running.map(({ id: one }) => one).sort());
    assert.equal(running.length, 2);
    await bench.stop();
  });
});
