import assert from 'node:assert/strict';
import { it } from 'node:test';
import { minutes, seconds } from '../../src/core/time.ts';
import { Bench, LANE } from './support/bench.ts';

it('a rollback that was cut short by half an hour without a server is tried, not given up', async () => {
  const bench = await Bench.start();
  await bench.serve('1.0.0');
  const id = await bench.deploy('1.1.0');
  await bench.until(id, 'deploying');
  await bench.system.advance(seconds(20));
  const set = bench.traffic.set.bind(bench.traffic);
  bench.traffic.set = () => new Promise(() => undefined);
  await bench.engine.command({ type: 'abort', deployment: id, reason: 'it is bad' }, LANE, 'grace');
  await bench.system.advance(seconds(1));
  await bench.stop();
  assert.equal(await bench.state(id), 'rolling_back');
  assert.equal(bench.traffic.share('1.1.0'), 10);

  await bench.system.advance(minutes(30));
  bench.traffic.set = set;
  await bench.crash();
  await bench.until(id, 'failed', minutes(1));

  const ended = await bench.store.deployment(id);
  assert.equal(ended?.status.state === 'failed' && ended.status.rolledBack, true);
  assert.equal(bench.traffic.share('1.0.0'), 100);
  assert.equal((await bench.engine.lane(LANE)).environment.locked, null);
  assert.doesNotMatch(await bench.story(id), /attempt_failed|retried|incident/);
  await bench.stop();
});
