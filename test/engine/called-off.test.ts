import assert from 'node:assert/strict';
import { it } from 'node:test';
import { minutes, seconds } from '../../src/core/time.ts';
import { Bench, LANE } from './support/bench.ts';

it('gives a first release no traffic that was taken back while its shift was on its way', async () => {
  const bench = await Bench.start({
    script: () => ({ healthyAfter: seconds(1) }),
  });
  const set = bench.traffic.set.bind(bench.traffic);
  const { promise: rolledBack, resolve: arrive } = Promise.withResolvers<void>();
  let refused: unknown;
  // The request is sent, and takes its time on the way.
  bench.traffic.set = async (routing, fence) => {
    if (routing.arms.length === 0) return set(routing, fence);
    await rolledBack;
    await set(routing, fence).catch((error: unknown) => (refused = error));
  };
  const id = await bench.deploy('1.0.0');
  await bench.until(id, 'deploying');
  await bench.system.advance(seconds(5));
  const asked = await bench.engine.command({ type: 'abort', deployment: id, reason: 'wrong' }, LANE, 'grace');
  assert.equal(asked.ok, true);
  await bench.until(id, 'failed', minutes(2));
  arrive();
  await bench.system.advance(minutes(1));

  assert.match(String(refused), /larger fence/);
  assert.equal(bench.traffic.share('1.0.0'), 0);
  assert.deepEqual(await bench.running(), []);
  await bench.stop();
});
