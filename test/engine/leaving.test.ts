import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { minutes, seconds } from '../../src/core/time.ts';
import type { DeploymentId } from '../../src/core/ids.ts';
import { Bench, CONFIGURATION, LANE } from './support/bench.ts';

/** Brings 1.1.0 to a share of the traffic, 1.0.0 beside it. */
async function at(share: number, configuration = CONFIGURATION) {
  const bench = await Bench.start();
  await bench.serve('1.0.0', configuration);
  const id = await bench.deploy('1.1.0', configuration);
  await bench.system.until(async () => bench.traffic.share('1.1.0') === share, minutes(10));
  await bench.system.advance(seconds(2));
  return { bench, id };
}

/** From now on a look at the instances takes as long as the canary's health check. */
function hang(bench: Bench): void {
  const observe = bench.target.observe.bind(bench.target);
  bench.target.observe = async (lane) => {
    await bench.system.sleep(seconds(30));
    return observe(lane);
  };
}

async function abort(bench: Bench, id: DeploymentId): Promise<void> {
  const result = await bench.engine.command(
    { type: 'abort', deployment: id, reason: 'it hangs' },
    LANE,
    'ada',
  );
  assert.ok(result.ok);
}

describe('a canary that hangs', () => {
  for (const share of [10, 100])
    it(`loses its ${share}% of the traffic before anybody waits for its health check`, async () => {
      const { bench, id } = await at(share);
      hang(bench);
      await abort(bench, id);
      await bench.system.advance(seconds(1));
      assert.equal(bench.traffic.share('1.1.0'), 0);
      assert.equal(bench.traffic.share('1.0.0'), 100);
      await bench.until(id, 'failed', minutes(10));
      await bench.stop();
    });

  it('retreats likewise', async () => {
    const { bench } = await at(50);
    const append = bench.store.append.bind(bench.store);
    bench.store.append = async (asked) => {
      if (asked.events.some(({ type }) => type === 'canary.retreated')) hang(bench);
      return append(asked);
    };
    bench.traffic.behaviour = (version) => ({ errors: version === '1.1.0' ? 0.009 : 0.001, latencyMs: 20 });
    const before = bench.traffic.accepted.length;
    await bench.system.until(async () => bench.traffic.accepted.length > before, minutes(5));
    assert.equal(bench.traffic.share('1.1.0'), 10);
    await bench.system.advance(seconds(1));
    assert.equal(bench.traffic.accepted.length, before + 1, 'the look at the instances is not over');
    await bench.stop();
  });

  it('keeps all of the traffic while nobody has seen a stable instance that could take it', async () => {
    const { bench, id } = await at(100);
    hang(bench);
    await bench.system.advance(seconds(20));
    await abort(bench, id);
    await bench.system.advance(seconds(1));
    assert.equal(bench.traffic.share('1.1.0'), 100, 'what was seen is too old to be believed');
    await bench.until(id, 'failed', minutes(10));
    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });
});
