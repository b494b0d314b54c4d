import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { milliseconds, minutes, seconds } from '../../src/core/time.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { seededChance } from '../support/chance.ts';
import { Bench, CONFIGURATION, LANE } from './support/bench.ts';

/** Parts that take their time, so that a crash finds something under way. */
const SLOW = { script: () => ({ healthyAfter: seconds(3), stopTakes: seconds(2) }) };

/** Over before a real disk has become tired of it. */
const BRIEF = CONFIGURATION.replace('step_duration: 2m', 'step_duration: 15s').replace('10m', '10s');

/** Crashes the server at moments that the seed decides: every few seconds at first, then at any time. */
async function deployThroughCrashes(seed: number): Promise<Bench> {
  const chance = seededChance(seed);
  const bench = await Bench.start(SLOW);
  bench.traffic.lag = milliseconds(700);
  await bench.serve('1.0.0');
  const id = await bench.deploy('1.1.0');
  let interrupted = 0;
  for (let crash = 0; crash < 30 || interrupted === 0; crash++) {
    assert.ok(crash < 100, 'no crash found anything under way');
    const [byte = 0] = chance.bytes(1);
    await bench.system.advance(milliseconds(byte * (crash % 3 === 0 ? 200 : 20)));
    interrupted += await bench.crash();
  }
  await bench.until(id, 'completed', minutes(60));
  return bench;
}

describe('a server that dies', () => {
  for (const seed of [1, 2, 3]) {
    it(`carries on from what is recorded and what is there (seed ${seed})`, async () => {
      const bench = await deployThroughCrashes(seed);
      await bench.system.advance(minutes(1));

      const shares = bench.sharesOf('1.1.0');
      assert.deepEqual(shares, [10, 50, 100]);
      assert.equal((await bench.running()).length, 2);
      assert.equal(bench.traffic.dropped, 0);
      const story = (await bench.store.events({ limit: 1000 })).map(({ event }) => event.type);
      assert.equal(story.filter((type) => type === 'deployment.live').length, 2);
      await bench.stop();
    });
  }

  it('takes a bad canary back though it dies while it judges', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(30));
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 0.05 : 0.001, latencyMs: 20 });
    await bench.system.advance(seconds(3));
    await bench.crash();
    await bench.until(id, 'failed', minutes(2));

    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('judges by the same evidence after it as before', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    bench.traffic.behaviour = () => ({ errors: 0.01, latencyMs: 20 });
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(60));
    const before = await bench.engine.live(id);
    await bench.crash();
    await bench.system.settle();
    const after = await bench.engine.live(id);

    assert.ok(before?.assessment);
    assert.deepEqual(after?.assessment?.record.evidence.logE, before.assessment.record.evidence.logE);
    assert.deepEqual(after?.counts, before.counts);
    await bench.stop();
  });

  it('counts what came while it was away', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    await bench.system.advance(seconds(20));
    await bench.stop();
    const before = await bench.canaryRequests(id);
    await bench.system.advance(seconds(30));
    await bench.crash();
    await bench.system.settle();

    const meanwhile = (await bench.canaryRequests(id)) - before;
    assert.ok(meanwhile >= 590, `${meanwhile} of the 600 requests of 30 s`);
    await bench.stop();
  });

  it('does not let a soak end on what was seen before it was away', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'monitoring');
    await bench.system.advance(minutes(2));
    await bench.stop();
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 0.2 : 0.001, latencyMs: 20 });
    await bench.system.advance(minutes(20));
    await bench.crash();
    await bench.until(id, ['completed', 'failed'], minutes(5));

    assert.equal(await bench.state(id), 'failed');
    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('leaves the lane alone when there was nothing to do', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    await bench.system.advance(minutes(1));
    const { version } = await bench.store.loadLane(LANE);
    const sets = bench.traffic.accepted.length;
    await bench.crash();
    await bench.system.advance(minutes(5));

    assert.equal((await bench.store.loadLane(LANE)).version, version);
    assert.equal(bench.traffic.accepted.length, sets);
    await bench.stop();
  });

  it('carries on on the embedded store, too', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'spillway-engine-'));
    const bench = await Bench.start({
      ...SLOW,
      open: () => openSqliteStore({ dir, chance: seededChance(5) }),
    });
    try {
      await bench.serve('1.0.0', BRIEF);
      const id = await bench.deploy('1.1.0', BRIEF);
      for (let crash = 0; crash < 5; crash++) {
        await bench.system.advance(milliseconds(crash * 900));
        await bench.crash();
      }
      await bench.until(id, 'completed');
      await bench.system.advance(seconds(10));
      assert.deepEqual(bench.sharesOf('1.1.0'), [10, 50, 100]);
      assert.equal((await bench.running()).length, 2);
      assert.equal(bench.openTasks(), 0);
    } finally {
      await bench.stop();
      await bench.store.close();
      await rm(dir, { recursive: true });
    }
  });
});
