import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { seconds } from '../../src/core/time.ts';
import type { News } from '../../src/ports/store.ts';
import { Bench } from './support/bench.ts';

describe('following events', () => {
  it('gives every event in order, without gaps, from where one left off', async () => {
    const bench = await Bench.start();
    const stop = new AbortController();
    const sequences: number[] = [];
    const following = (async () => {
      for await (const { sequence } of bench.engine.subscribe(0, stop.signal)) {
        sequences.push(sequence);
        // A slow reader misses nothing either.
        if (sequence % 7 === 0) await bench.system.sleep(seconds(1));
      }
    })();
    await bench.serve('1.0.0');
    await bench.serve('1.1.0');
    await bench.system.advance(seconds(30));
    stop.abort();
    await following;

    const [last] = await bench.store.events({ limit: 1, newestFirst: true });
    assert.deepEqual(
      sequences,
      Array.from({ length: last?.sequence ?? 0 }, (_, i) => i + 1),
    );
    const later = new AbortController();
    const [first] = sequences.slice(-2);
    for await (const { sequence } of bench.engine.subscribe(first ?? 0, later.signal)) {
      assert.equal(sequence, last?.sequence);
      later.abort();
    }
    await bench.stop();
  });

  it('gives what another replica has recorded, once there is word of it', async () => {
    const bench = await Bench.start();
    await bench.engine.stop();
    let tell: (what: News) => void = () => assert.fail('nobody listens');
    bench.store.onNews = (listener) => {
      tell = listener;
      return () => {};
    };
    await bench.startEngine();
    const [last] = await bench.store.events({ limit: 1, newestFirst: true });
    const stop = new AbortController();
    const next = bench.engine
      .subscribe(last?.sequence ?? 0, stop.signal)
      [Symbol.asyncIterator]()
      .next();
    await bench.system.settle();
    const other = { type: 'event.ignored', at: bench.system.now(), actor: 'ada', details: {} } as const;
    await bench.store.record([other], [], null);
    tell('events');
    const found = await Promise.race([next, bench.system.advance(seconds(10))]);
    assert.ok(found?.done === false);
    assert.deepEqual(found.value.event, other);
    stop.abort();
    await bench.stop();
  });

  it('ends at once when nothing comes and the reader goes', async () => {
    const bench = await Bench.start();
    const gone = new AbortController();
    const [last] = await bench.store.events({ limit: 1, newestFirst: true });
    const following = (async () => {
      for await (const event of bench.engine.subscribe(last?.sequence ?? 0, gone.signal))
        assert.fail(event.id);
    })();
    await bench.system.settle();
    gone.abort();
    await following;
    await bench.stop();
  });
});
