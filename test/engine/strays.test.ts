import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import { minutes } from '../../src/core/time.ts';
import { Bench } from './support/bench.ts';

it('ends what a first release has left running that was withdrawn and could not be ended then', async () => {
  const bench = await Bench.start({ script: () => ({ healthyAfter: 'never' }) });
  const stop = bench.target.stop.bind(bench.target);
  bench.target.stop = async () => {
    throw new SpillwayError('unavailable', 'the machine does not answer');
  };
  const id = await bench.deploy('1.0.0');
  await bench.until(id, 'failed');
  assert.equal((await bench.running()).length, 2);

  bench.target.stop = stop;
  await bench.system.advance(minutes(16));
  assert.deepEqual(await bench.running(), []);
  await bench.stop();
});
