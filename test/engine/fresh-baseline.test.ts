import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { milliseconds, minutes, seconds } from '../../src/core/time.ts';
import { Bench, CONFIGURATION, type BenchOptions } from './support/bench.ts';

const FRESH = CONFIGURATION.replace('warm_up: 5s', 'warm_up: 5s, baseline: fresh');

/** The same in less time, for what is done again and again. */
const BRIEF = FRESH.replace('step_duration: 2m', 'step_duration: 20s').replace(
  'soak_duration: 10m',
  'soak_duration: 20s',
);

/** A bench on which 1.0.0 serves, and a canary of 1.1.0 has begun. */
async function rollingOut(options: BenchOptions = {}, configuration = FRESH) {
  const bench = await Bench.start(options);
  await bench.serve('1.0.0', configuration);
  const id = await bench.deploy('1.1.0', configuration);
  return { bench, id };
}

const baselines = async (bench: Bench) => (await bench.running()).filter(({ role }) => role === 'baseline');

/** The shares in percent of the arms that had weight, of every routing that was set, without repetitions. */
function sharesSet({ traffic }: Bench): readonly string[] {
  const shares = traffic.accepted.map(({ routing }) =>
    routing.arms
      .filter(({ weight }) => weight > 0)
      .map(({ arm, weight }) => `${arm} ${weight / 100}`)
      .join(', '),
  );
  return shares.filter((one, i) => one !== shares[i - 1]);
}

describe('a canary with a fresh baseline', () => {
  it('is compared with as many young instances of the stable version, which end when nothing is left to compare', async () => {
    const { bench, id } = await rollingOut();
    await bench.until(id, 'deploying');
    await bench.system.advance(minutes(1));
    const young = await baselines(bench);
    const canaries = (await bench.running()).filter(({ revision }) => revision !== young[0]?.revision);
    assert.equal(young.length, 1);
    assert.equal(canaries.length, 1);
    assert.equal(young[0]?.startedAt, canaries[0]?.startedAt);
    const { baseline } = ((await bench.engine.live(id))?.counts ?? {}) as { baseline?: { requests: number } };
    const apart = (baseline?.requests ?? 0) - (await bench.canaryRequests(id));
    assert.ok(Math.abs(apart) < 30, `equal shares of the traffic: ${apart} requests apart`);

    await bench.until(id, 'monitoring');
    await bench.system.advance(seconds(10));
    assert.deepEqual(await baselines(bench), [], 'nothing is left to compare with');
    assert.equal((await bench.running()).length, 4, 'the way back runs on');
    await bench.until(id, 'completed');
    await bench.system.advance(seconds(30));
    assert.deepEqual(sharesSet(bench).slice(2), [
      'stable 80, canary 10, baseline 10',
      'canary 50, baseline 50',
      'canary 100',
      'stable 100',
    ]);
    assert.deepEqual(
      (await bench.running()).map(({ role }) => role),
      ['serving', 'serving'],
    );
    assert.equal(bench.traffic.dropped, 0);
    await bench.stop();
  });

  it('starts both at one time also where the first step has no traffic', async () => {
    const { bench, id } = await rollingOut({}, FRESH.replace('[10, 50, 100]', '[0, 10, 100]'));
    await bench.until(id, 'deploying');
    await bench.system.until(async () => bench.traffic.share('1.1.0') === 10, minutes(10));
    await bench.system.advance(seconds(10));
    const [young, ...others] = await baselines(bench);
    const canary = (await bench.running()).find(({ revision }) => revision !== young?.revision);
    assert.equal(young?.startedAt, canary?.startedAt);
    assert.deepEqual(others, []);
    assert.equal(sharesSet(bench).at(-1), 'stable 80, canary 10, baseline 10');
    await bench.until(id, 'completed');
    assert.deepEqual(await baselines(bench), []);
    await bench.stop();
  });

  it('goes back to the instances that have served all the time; the young ones end with it', async () => {
    const { bench, id } = await rollingOut();
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 0.3 : 0.001, latencyMs: 20 });
    await bench.until(id, 'failed');
    assert.equal(bench.traffic.share('1.0.0'), 100);
    assert.deepEqual(
      (await bench.running()).map(({ role }) => role),
      ['serving', 'serving'],
    );
    await bench.stop();
  });

  it('retreats with the canary to the smallest shares', async () => {
    const { bench, id } = await rollingOut();
    bench.traffic.behaviour = (version) => ({
      errors: version === '1.1.0' && bench.traffic.share('1.1.0') === 50 ? 0.02 : 0.001,
      latencyMs: 20,
    });
    await bench.until(id, 'deploying');
    await bench.system.until(async () => bench.traffic.share('1.1.0') === 50, minutes(10));
    await bench.system.until(async () => bench.traffic.share('1.1.0') !== 50, minutes(10));
    await bench.system.advance(seconds(2));
    assert.equal(sharesSet(bench).at(-1), 'stable 80, canary 10, baseline 10');
    assert.equal(bench.traffic.dropped, 0);
    await bench.stop();
  });

  it('gives a baseline that ends by itself its share back to stable, and starts it again', async () => {
    const script = (_: number, { role }: { role?: string }) =>
      role === 'baseline' ? { crashAfter: seconds(30) } : {};
    const { bench, id } = await rollingOut({ script });
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(50));
    const shares = sharesSet(bench);
    const lost = shares.lastIndexOf('stable 90, canary 10');
    assert.ok(lost > 0, shares.join('; '));
    assert.ok(shares.lastIndexOf('stable 80, canary 10, baseline 10') > lost, shares.join('; '));
    assert.equal(await bench.state(id), 'deploying');
    await bench.stop();
  });

  it('is not begun when the stable version cannot be started: there would be no way back', async () => {
    const script = (_: number, { role }: { role?: string }) =>
      role === 'baseline' ? { crashAfter: milliseconds(0), crashCode: 3 } : {};
    const { bench, id } = await rollingOut({ script });
    await bench.until(id, 'failed');
    const ended = await bench.store.deployment(id);
    assert.match(ended?.status.state === 'failed' ? ended.status.reason : '', /^start: .*exited with code 3/);
    assert.equal(bench.traffic.share('1.0.0'), 100);
    assert.deepEqual(
      (await bench.running()).map(({ role }) => role),
      ['serving', 'serving'],
    );
    await bench.stop();
  });

  for (const good of [true, false])
    it(`leaves nothing behind, wherever the server dies: a ${good ? 'good' : 'bad'} release`, async () => {
      for (let crashAfter = 250; crashAfter < 120_000; crashAfter *= 2.2) {
        const { bench, id } = await rollingOut({}, BRIEF);
        bench.traffic.behaviour = (version) => ({
          errors: version === '1.1.0' && !good ? 0.3 : 0.001,
          latencyMs: 20,
        });
        await bench.system.advance(milliseconds(Math.round(crashAfter)));
        await bench.crash();
        await bench.until(id, good ? 'completed' : 'failed');
        await bench.system.advance(minutes(1));
        const left = (await bench.running()).map(({ role, revision }) => `${role} ${revision}`);
        assert.equal(new Set(left).size, 1, `${crashAfter} ms: ${left.join(', ')}`);
        assert.equal(left.length, 2, `${crashAfter} ms: ${left.join(', ')}`);
        assert.equal(bench.traffic.share(good ? '1.1.0' : '1.0.0'), 100);
        await bench.stop();
      }
    });
});
