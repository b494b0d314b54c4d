import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpillwayError } from '../../src/core/errors.ts';
import { instant, minutes, seconds } from '../../src/core/time.ts';
import type { LaneAppend } from '../../src/ports/store.ts';
import { Bench, CONFIGURATION, LANE } from './support/bench.ts';

const GATED = `${CONFIGURATION}    required_gates: [check]
gates:
  check: { run: ['true'], timeout: 2m }
`;

/** Makes the next append that matches fail as if the disk had. */
function failAppend(bench: Bench, matches: (append: LaneAppend) => boolean): void {
  const append = bench.store.append.bind(bench.store);
  let failed = false;
  bench.store.append = async (asked) => {
    if (failed || !matches(asked)) return append(asked);
    failed = true;
    throw new SpillwayError('unavailable', 'disk full');
  };
}

describe('faults', () => {
  it('fails a release whose instances end at the start, and leaves the traffic where it was', async () => {
    const bench = await Bench.start({
      script: (_launch, { revision }) =>
        revision.release.version === '1.1.0'
          ? { healthyAfter: seconds(5), crashAfter: seconds(1), crashCode: 7 }
          : {},
    });
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'failed', minutes(2));

    const ended = await bench.store.deployment(id);
    assert.match(ended?.status.state === 'failed' ? ended.status.reason : '', /exited with code 7/);
    assert.deepEqual(bench.sharesOf('1.1.0'), []);
    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('does not hold the crashes of an earlier deployment against a revision whose trouble is mended', async () => {
    let mended = false;
    const bench = await Bench.start({
      script: (_launch, { revision }) =>
        revision.release.version === '1.1.0' && !mended ? { crashAfter: seconds(2) } : {},
    });
    await bench.serve('1.0.0');
    await bench.until(await bench.deploy('1.1.0'), 'failed', minutes(2));
    mended = true;
    await bench.serve('1.1.0');

    assert.equal(bench.traffic.share('1.1.0'), 100);
    await bench.stop();
  });

  it('tells an outcome again until it is durable', async () => {
    const bench = await Bench.start();
    failAppend(bench, ({ completes }) => completes?.key.endsWith('-shift') === true);
    const id = await bench.deploy('1.0.0');
    await bench.until(id, 'completed');

    const shifted = await bench.store.events({ deployment: id, types: ['traffic.shifted'], limit: 10 });
    assert.equal(shifted.length, 1);
    await bench.stop();
  });

  it('does what throws again, after a while that grows', async () => {
    const bench = await Bench.start();
    bench.traffic.failures.push(
      new SpillwayError('unavailable', 'no answer'),
      new SpillwayError('unavailable', 'no answer'),
    );
    const id = await bench.deploy('1.0.0');
    await bench.until(id, 'completed');

    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('believes a provider only what it shows', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    bench.traffic.ignored = 2;
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    const confirmed = await bench.store.events({ deployment: id, types: ['traffic.shifted'], limit: 1 });
    assert.deepEqual([confirmed.length, bench.traffic.share('1.1.0')], [0, 0]);
    await bench.until(id, 'completed');
    assert.equal(bench.traffic.share('1.1.0'), 100);
    await bench.stop();
  });

  it('gives up at the deadline on a gate that hangs, whatever it does later', async () => {
    const bench = await Bench.start({ gate: { run: () => new Promise(() => undefined) } });
    const id = await bench.deploy('1.0.0', GATED);
    const took = await bench.until(id, 'failed');

    const ended = await bench.store.deployment(id);
    assert.match(ended?.status.state === 'failed' ? ended.status.reason : '', /gate check: not done/);
    assert.ok(took >= minutes(2) && took < minutes(3), `took ${took} ms`);
    await bench.stop();
  });

  it('drops what is decided twice: the second has an old fence', async () => {
    const bench = await Bench.start();
    const append = bench.store.append.bind(bench.store);
    const results: unknown[] = [];
    bench.store.append = async (asked) => {
      const result = await append(asked);
      if (asked.completes !== null) {
        const { version } = await bench.store.loadLane(asked.lane);
        results.push(await append({ ...asked, expectedVersion: version }));
      }
      return result;
    };
    await bench.serve('1.0.0');

    assert.ok(results.length > 3);
    for (const result of results) assert.deepEqual(result, { ok: false, why: 'stale_fence' });
    await bench.stop();
  });

  it('claims anew, with a larger fence, what was refused under an old one', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    const set = bench.traffic.set.bind(bench.traffic);
    let overtaken = false;
    // Somebody else acts on the route between the claim and the first shift.
    bench.traffic.set = async (routing, fence) => {
      if (!overtaken && routing.rollout === id) {
        overtaken = true;
        const [last] = bench.traffic.accepted.slice(-1);
        if (last !== undefined) await set(last.routing, await bench.store.drawFence());
      }
      return set(routing, fence);
    };
    await bench.until(id, 'monitoring');

    assert.equal(bench.traffic.refused.length, 1);
    assert.equal(bench.traffic.share('1.1.0'), 100);
    await bench.stop();
  });

  it('leaves nothing of a rollout under way when it is aborted', async () => {
    const bench = await Bench.start({
      script: (_launch, { revision }) =>
        revision.release.version === '1.1.0' ? { healthyAfter: 'never' } : {},
    });
    await bench.serve('1.0.0');
    const id = await bench.deploy('1.1.0');
    await bench.until(id, 'deploying');
    const result = await bench.engine.command(
      { type: 'abort', deployment: id, reason: 'wrong branch' },
      LANE,
      'grace',
    );
    assert.equal(result.ok, true);
    await bench.until(id, 'failed', minutes(1));
    await bench.system.advance(minutes(10));

    assert.equal(await bench.store.nextDue(), undefined);
    assert.equal((await bench.running()).length, 2);
    assert.equal(bench.traffic.share('1.0.0'), 100);
    await bench.stop();
  });

  it('says no to a command that does not fit, and changes nothing', async () => {
    const bench = await Bench.start();
    const id = await bench.serve('1.0.0');
    const before = await bench.store.events({ limit: 1, newestFirst: true });
    const result = await bench.engine.command({ type: 'resume', deployment: id }, LANE, 'grace');

    assert.equal(!result.ok && result.code, 'not_found');
    assert.deepEqual(await bench.store.events({ limit: 1, newestFirst: true }), before);
    assert.equal(await bench.store.nextDue(), undefined);
    assert.ok(bench.system.now() > instant(0));
    await bench.stop();
  });
});
