import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { minutes, seconds } from '../../src/core/time.ts';
import { percentOf } from '../../src/core/weights.ts';
import { Bench, CONFIGURATION } from './support/bench.ts';

/** A canary that climbs quickly, each step long enough for what happens there to be seen. */
const CLIMB = CONFIGURATION.replace(
  /canary: .*/,
  'canary: { increment_steps: [10, 50, 100], step_duration: 1m, warm_up: 5s, on_inconclusive: rollback }',
);

/** Brings 1.1.0 beside 1.0.0 to half of the traffic, as good as it. */
async function atHalf(configuration: string) {
  const bench = await Bench.start();
  bench.traffic.behaviour = () => ({ errors: 0.002, latencyMs: 20 });
  await bench.serve('1.0.0', configuration);
  const id = await bench.deploy('1.1.0', configuration);
  await bench.system.until(async () => bench.traffic.share('1.1.0') === 50, minutes(10));
  return { bench, id };
}

const fails = (errors: number) => (version: string) => ({
  errors: version === '1.1.0' ? errors : 0.002,
  latencyMs: 20,
});

describe('a canary that turns bad halfway', () => {
  it('retreats to its smallest share at once, and is taken back when the harm is beyond doubt', async () => {
    const { bench, id } = await atHalf(CLIMB);
    const priorities = bench.prioritiesOf('shift');
    bench.traffic.behaviour = fails(0.008);
    await bench.system.until(async () => bench.traffic.share('1.1.0') === 10, minutes(2));
    assert.equal(await bench.state(id), 'deploying', 'it is judged on');
    const story = await bench.store.events({ deployment: id, limit: 1000 });
    const decided = story.findLast(({ event }) => event.type === 'canary.retreated');
    const moved = story.findLast(({ event }) => event.type === 'traffic.shifted');
    assert.ok(decided);
    assert.ok((moved?.event.at ?? 0) - decided.event.at < 500, 'the traffic moves at once');
    await bench.until(id, 'failed', minutes(10));
    assert.equal(bench.traffic.share('1.0.0'), 100);
    assert.ok(
      priorities.every((priority) => priority === 0),
      'ways back go before everything else',
    );
    await bench.stop();
  });

  it('retreats also where the server dies between the decision and the shift', async () => {
    const { bench, id } = await atHalf(CLIMB);
    const append = bench.store.append.bind(bench.store);
    const set = bench.traffic.set.bind(bench.traffic);
    let decided = false;
    bench.store.append = async (asked) => {
      if (asked.events.some(({ type }) => type === 'canary.retreated')) {
        decided = true;
        bench.traffic.set = () => new Promise(() => undefined);
      }
      return append(asked);
    };
    bench.traffic.behaviour = fails(0.008);
    await bench.system.until(async () => decided, minutes(2));
    await bench.system.advance(seconds(2));
    assert.equal(bench.traffic.share('1.1.0'), 50);
    bench.traffic.set = set;
    assert.equal(await bench.crash(), 1, 'the shift was under way');
    await bench.system.advance(seconds(1));
    assert.equal(bench.traffic.share('1.1.0'), 10);
    assert.equal(await bench.state(id), 'deploying');
    await bench.stop();
  });

  it('with stages: 1 is taken back where others retreat', async () => {
    const { bench, id } = await atHalf(CLIMB.replace('canary: {', 'canary: { stages: 1,'));
    bench.traffic.behaviour = fails(0.008);
    await bench.until(id, 'failed', minutes(3));
    assert.doesNotMatch(await bench.story(id), /retreated/);
    await bench.stop();
  });

  it('is given its share again when the evidence goes away: the steps are walked again', async () => {
    const patient = CLIMB.replace('[10, 50, 100]', '[{ weight: 10, max: 1h }, { weight: 50, max: 1h }, 100]');
    const { bench, id } = await atHalf(patient);
    bench.traffic.behaviour = fails(0.006);
    await bench.system.until(async () => bench.traffic.share('1.1.0') === 10, minutes(3));
    bench.traffic.behaviour = fails(0.002);
    await bench.until(id, 'monitoring', minutes(30));
    const weights = (await bench.store.events({ deployment: id, limit: 1000 })).flatMap(({ event }) =>
      event.type === 'traffic.shifted' ? [percentOf(event.weight)] : [],
    );
    assert.deepEqual(weights, [10, 50, 10, 50, 100]);
    await bench.stop();
  });
});
