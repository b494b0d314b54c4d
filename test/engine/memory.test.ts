import assert from 'node:assert/strict';
import { it } from 'node:test';
import { queryObjects } from 'node:v8';
import { minutes, seconds } from '../../src/core/time.ts';
import { LaneObserver } from '../../src/engine/observer/lane-observer.ts';
import { Counters } from '../../src/engine/observer/series.ts';
import { Watch } from '../../src/engine/observer/watch.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { folderOf } from '../store/folder.ts';
import { seededChance } from '../support/chance.ts';
import { Bench } from './support/bench.ts';

/** One step, so that a release is over soon. */
const QUICK = `
application: shop
target: { type: dummy, instances: 1 }
traffic: { type: dummy, listen: { host: 127.0.0.1, port: 8080 }, sticky: { by: none } }
environments:
  production:
    strategy: immediate
    health: { interval: 1s, unhealthy_threshold: 3 }
    soak_duration: 5s
`;

/** Caches fill. */
const WARM_UP = 3;
const RELEASES = 10;
/**
 * What is made anew for each release, or for each task of it. Configurations are remembered of the last 64 commits, so bytes tell
 * less in so short a life; the benchmark `scale` weighs those of a day.
 */
const inUse = () => ({
  observers: countOf(LaneObserver),
  watches: countOf(Watch),
  counters: countOf(Counters),
  signals: countOf(AbortSignal),
});

/** How many of a class there are after a collection. */
const countOf = (made: Parameters<typeof queryObjects>[0]) => Number(queryObjects(made, { format: 'count' }));

it('keeps nothing of releases that are over', async (t) => {
  const dir = folderOf(t);
  const bench = await Bench.start({ open: () => openSqliteStore({ dir, chance: seededChance(1) }) });
  t.after(() => bench.store.close());
  const release = async (from: number, count: number) => {
    for (let n = from; n < from + count; n++) {
      const id = await bench.deploy(`1.${n}.0`, QUICK);
      await bench.until(id, ['completed', 'failed', 'rejected'], minutes(10));
      await bench.system.advance(seconds(5));
    }
  };
  await release(0, WARM_UP);
  const before = inUse();
  await release(WARM_UP, RELEASES);
  const after = inUse();

  for (const [what, count] of Object.entries(after)) {
    const known = before[what as keyof typeof before];
    assert.ok(count <= known + 3, `${what}: ${known} before, ${count} after ${RELEASES} releases`);
  }
  await bench.stop();
});
