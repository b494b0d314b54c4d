import assert from 'node:assert/strict';
import { it } from 'node:test';
import { seconds } from '../../src/core/time.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Bench } from './support/bench.ts';

it('answers from a replica that does not look at a rollout what the one that does sees', async () => {
  const bench = await Bench.start();
  await bench.serve('1.0.0');
  bench.traffic.behaviour = () => ({ errors: 0.01, latencyMs: 20 });
  const id = await bench.deploy('1.1.0');
  await bench.until(id, 'deploying');
  await bench.system.advance(seconds(60));

  const store = { ...bench.store, hold: async () => [] };
  const pem = { origin: 'spillway.test', read: async () => undefined, write: async () => undefined };
  const other = await Engine.create({ ...bench.world, store }, pem);
  const here = await bench.engine.live(id);
  const there = await other.live(id);
  assert.ok(here?.assessment);
  assert.deepEqual(there?.counts, here.counts);
  assert.deepEqual(there.assessment?.record.evidence.logE, here.assessment.record.evidence.logE);
  assert.equal(there.assessment?.verdict, here.assessment.verdict);

  await bench.until(id, 'completed');
  assert.equal(await other.live(id), undefined);
  await bench.stop();
});
