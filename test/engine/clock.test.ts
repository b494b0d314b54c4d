import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hours, instant, minutes } from '../../src/core/time.ts';
import { Bench } from './support/bench.ts';

it('goes on looking when the time of day is set back', async () => {
  const bench = await Bench.start();
  await bench.serve('1.0.0');
  const now = bench.system.now.bind(bench.system);
  bench.system.now = () => instant(now() - hours(1));
  let looks = 0;
  const observe = bench.target.observe.bind(bench.target);
  bench.target.observe = async (lane) => {
    looks += 1;
    return observe(lane);
  };
  await bench.system.advance(minutes(1));
  assert.ok(looks >= 10, `${looks} looks within a minute`);
  await bench.stop();
});
