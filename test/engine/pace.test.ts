import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { elapsed, minutes } from '../../src/core/time.ts';
import { Bench, CONFIGURATION } from './support/bench.ts';

/** The steps that hold without any being configured, of half an hour each. */
const PACED = CONFIGURATION.replace(
  /canary: .*/,
  'canary: { increment_steps: [1, 10, 50, 100], pace: evidence }',
);

/** From the start of the rollout until all of the traffic is the new version's, ms. */
async function timeToAll(bench: Bench, id: Parameters<Bench['until']>[0]): Promise<number> {
  const events = await bench.store.events({ deployment: id, limit: 1000 });
  const began = events.find(({ event }) => event.type === 'deployment.started');
  const all = events.findLast(({ event }) => event.type === 'traffic.shifted');
  assert.ok(began && all);
  return elapsed(began.event.at, all.event.at);
}

describe('a rollout at the pace of the evidence', () => {
  it('takes a healthy release to all of the traffic within 3 minutes (200 requests/s, 1% errors)', async () => {
    const bench = await Bench.start();
    bench.traffic.behaviour = () => ({ errors: 0.01, latencyMs: 20 });
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0', PACED);
    await bench.until(id, 'monitoring', minutes(10));

    assert.deepEqual(bench.sharesOf('1.1.0'), [1, 10, 50, 100]);
    const took = await timeToAll(bench, id);
    assert.ok(took <= minutes(3), `it took ${took / 1000} s`);
    await bench.stop();
  });

  it('extends the step before everything while there is too little traffic to certify, up to its time', async () => {
    const bench = await Bench.start();
    bench.traffic.behaviour = () => ({ errors: 0.01, latencyMs: 20 });
    await bench.serve('1.0.0');
    bench.traffic.rate = 1;
    const short = PACED.replace('[1, 10, 50, 100]', '[{ weight: 50, min: 30s, max: 4m }, 100]');
    const id = await bench.deploy('1.1.0', short);
    await bench.until(id, 'deploying');
    await bench.system.advance(minutes(3));
    assert.deepEqual((await bench.store.deployment(id))?.paused, null, 'the step lasts while it may');
    await bench.system.advance(minutes(2));
    const held = await bench.store.deployment(id);
    assert.match(held?.paused?.reason ?? '', /no clear verdict/);
    assert.equal(bench.traffic.share('1.1.0'), 50);
    await bench.stop();
  });
});
