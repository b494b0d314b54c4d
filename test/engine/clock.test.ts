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

it('loses no timer when the time of day is set back between its claim and the decision', async () => {
  const bench = await Bench.start();
  const id = await bench.deploy('1.0.0');
  await bench.until(id, 'monitoring');
  const now = bench.system.now.bind(bench.system);
  const claim = bench.store.claim.bind(bench.store);
  let back = 0;
  bench.system.now = () => instant(now() - back);
  bench.store.claim = async (at, limit, limits) => {
    const claimed = await claim(at, limit, limits);
    if (claimed.some(({ key }) => key.includes('/soak@'))) back = minutes(5);
    return claimed;
  };
  await bench.until(id, 'completed', minutes(20));
  assert.equal(back, minutes(5));
  await bench.stop();
});
