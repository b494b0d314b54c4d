import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { instanceId, revisionDigest } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import {
  armTick,
  Counters,
  countsOf,
  packLook,
  stableInstances,
  unpackLook,
  type Look,
} from '../../src/engine/observer/series.ts';
import {
  bucketOf,
  countFrom,
  createHistogram,
  recordLatency,
  type Histogram,
} from '../../src/judge/index.ts';
import type { TrafficCounts } from '../../src/ports/traffic.ts';

const SIDES = { canary: revisionDigest('sha256:new'), stable: revisionDigest('sha256:old'), fresh: false };

/** What happens between two looks. */
interface Happening {
  readonly instance: number;
  readonly requests: number;
  readonly errors: number;
  readonly restart: boolean;
  readonly missed: boolean;
}

const happening: fc.Arbitrary<Happening> = fc
  .record({
    instance: fc.nat(3),
    requests: fc.nat(50),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    restart: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    missed: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
  })
  .map(({ share, ...rest }) => ({ ...rest, errors: Math.floor(rest.requests * share) }));

/** A provider that counts, as the port says; half of its instances are of the new revision. */
class Provider {
  epoch = 1;
  readonly #instances = new Map<number, { requests: number; errors: number; latency: Histogram }>();

  happen({ instance, requests, errors, restart }: Happening): void {
    if (restart) {
      this.epoch++;
      this.#instances.clear();
    }
    const counted = this.#instances.get(instance) ?? { requests: 0, errors: 0, latency: createHistogram() };
    for (let i = 0; i < requests; i++) recordLatency(counted.latency, 10 + i);
    const sum = { requests: counted.requests + requests, errors: counted.errors + errors };
    this.#instances.set(instance, { ...sum, latency: counted.latency });
  }

  counts(): TrafficCounts {
    const instances = [...this.#instances].map(([instance, { requests, errors, latency }]) => ({
      arm: instance % 2 === 0 ? ('canary' as const) : ('stable' as const),
      revision: instance % 2 === 0 ? SIDES.canary : SIDES.stable,
      version: '1',
      instance: instanceId(`i${instance}`),
      requests,
      errors,
      visitorErrors: errors,
      failingVisitors: 0,
      latency: latency.slice(),
      slowVisitors: new Map(),
    }));
    const epoch = `epoch-${this.epoch}`;
    return {
      route: 'shop',
      epoch,
      rollout: 'd1',
      at: instant(0),
      instances,
      dropped: 0,
      watched: [],
      approximate: false,
    };
  }
}

type News = Pick<Look, 'counts' | 'reset'>;
const NONE: News = { counts: [], reset: [] };

const look = (epoch: string, news: News, start: Look['start'] = null): Look => ({
  epoch,
  start,
  step: null,
  ...news,
  crashes: { canary: 0, baseline: 0 },
  instanceMinutes: { canary: 1, baseline: 1 },
});

describe('looks at counts that only grow', () => {
  it('add up to everything that was counted, whichever looks were missed', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
        const provider = new Provider();
        const counters = new Counters();
        let seen = 0;
        let expected = 0;
        for (const [index, one] of happenings.entries()) {
          // What a provider has counted and nobody has read before it was restarted is lost.
          if (one.restart) expected = seen;
          provider.happen(one);
          expected += one.requests;
          if (one.missed && index < happenings.length - 1) continue;
          const { epoch } = provider.counts();
          const news = counters.advance(epoch, countsOf(provider.counts(), SIDES));
          const ticks = [armTick(look(epoch, news), 'canary'), armTick(look(epoch, news), 'baseline')];
          seen += ticks.reduce((sum, tick) => sum + tick.requests, 0);
          assert.equal(seen, expected);
        }
      }),
    );
  });

  it('continue from their rows as if they had never been interrupted', () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 20 }), fc.nat(19), (happenings, cut) => {
        const provider = new Provider();
        const base = countsOf(provider.counts(), SIDES);
        let counters = new Counters();
        counters.begin('epoch-1', base);
        const steady = new Counters();
        steady.begin('epoch-1', base);
        const rows = [packLook(look('epoch-1', NONE, { at: 0, base, history: [] }))];
        happenings.forEach((one, index) => {
          provider.happen(one);
          if (index === cut) {
            counters = new Counters();
            for (const row of rows) counters.replay(unpackLook(JSON.parse(JSON.stringify(row))));
          }
          const { epoch } = provider.counts();
          const news = counters.advance(epoch, countsOf(provider.counts(), SIDES));
          assert.deepEqual(news, steady.advance(epoch, countsOf(provider.counts(), SIDES)));
          rows.push(packLook(look(epoch, news)));
        });
      }),
    );
  });

  it('leave out what was counted before the rollout', () => {
    const provider = new Provider();
    provider.happen({ instance: 1, requests: 1000, errors: 10, restart: false, missed: false });
    const counters = new Counters();
    counters.begin('epoch-1', countsOf(provider.counts(), SIDES));
    provider.happen({ instance: 1, requests: 5, errors: 1, restart: false, missed: false });
    const {
      counts: [news],
    } = counters.advance('epoch-1', countsOf(provider.counts(), SIDES));
    assert.equal(news?.requests, 5);
    assert.equal(news.errors, 1);
    assert.equal(countFrom(news.latency, 0), 5);
  });

  it('are kept small: an hour of one-second looks at four instances takes less than 3 MB', () => {
    const provider = new Provider();
    const counters = new Counters();
    let bytes = 0;
    for (let second = 0; second < 3600; second++) {
      for (let instance = 0; instance < 4; instance++)
        provider.happen({ instance, requests: 20, errors: 0, restart: false, missed: false });
      const news = counters.advance('epoch-1', countsOf(provider.counts(), SIDES));
      bytes += JSON.stringify(packLook(look('epoch-1', news))).length;
    }
    assert.ok(bytes < 3_000_000, `${bytes} bytes`);
  });

  it('count on from counts that went back within an epoch, and after a restart likewise', () => {
    const counters = new Counters();
    const provider = new Provider();
    provider.happen({ instance: 0, requests: 100, errors: 10, restart: false, missed: false });
    const [full] = countsOf(provider.counts(), SIDES);
    assert.ok(full);
    const at = (requests: number, errors: number) => [
      { ...full, requests, errors, latency: createHistogram() },
    ];
    counters.begin('e', at(0, 0));
    assert.equal(counters.advance('e', at(100, 10)).counts[0]?.requests, 100);
    const back = counters.advance('e', at(40, 4));
    assert.deepEqual([back.counts.length, back.reset.length], [0, 1]);
    const rebuilt = new Counters();
    const looks = [
      look('e', NONE, { at: 0, base: at(0, 0), history: [] }),
      look('e', { counts: at(100, 10), reset: [] }),
      look('e', back),
    ];
    for (const one of looks) rebuilt.replay(unpackLook(JSON.parse(JSON.stringify(packLook(one)))));
    for (const either of [counters, rebuilt]) {
      const {
        counts: [news],
      } = either.advance('e', at(45, 6));
      assert.deepEqual([news?.requests, news?.errors], [5, 2]);
    }
  });

  it('keep slow and failing visitors apart by instance, and add them up by side', () => {
    const [base] = countsOf(new Provider().counts(), SIDES);
    assert.equal(base, undefined);
    const one = (name: string, slow: ReadonlyArray<readonly [number, number]>, clients: number) => ({
      name,
      part: 'canary' as const,
      requests: 10,
      errors: clients,
      failures: 3 * clients,
      latency: createHistogram(),
      slow: new Map(slow),
      clients,
    });
    const counters = new Counters();
    counters.begin('e', [one('a', [[300, 2]], 1)]);
    const now = [
      one(
        'a',
        [
          [300, 5],
          [310, 1],
        ],
        2,
      ),
      one('b', [[300, 1]], 1),
    ];
    const row = packLook(look('e', counters.advance('e', now)));
    const read = unpackLook(JSON.parse(JSON.stringify(row)));
    assert.deepEqual(
      [...(armTick(read, 'canary').slowClients ?? [])],
      [
        [300, 4],
        [310, 1],
      ],
    );
    assert.deepEqual(
      read.counts.map(({ clients }) => clients),
      [1, 1],
    );
    const { errors, failures } = armTick(read, 'canary');
    assert.deepEqual({ errors, failures }, { errors: 2, failures: 6 });
  });

  it('compare with the fresh baseline where there is one, and learn from the stable instances beside it', () => {
    const provider = new Provider();
    provider.happen({ instance: 0, requests: 5, errors: 0, restart: false, missed: false });
    provider.happen({ instance: 1, requests: 7, errors: 1, restart: false, missed: false });
    provider.happen({ instance: 3, requests: 9, errors: 1, restart: false, missed: false });
    const counts = provider.counts();
    const armed = {
      ...counts,
      instances: counts.instances.map((each) =>
        each.instance === 'i3' ? { ...each, arm: 'baseline' as const } : each,
      ),
    };
    const fresh = look('epoch-1', { counts: countsOf(armed, { ...SIDES, fresh: true }), reset: [] });
    assert.equal(armTick(fresh, 'baseline').requests, 9);
    assert.deepEqual(stableInstances(fresh, 'request', []), [{ name: 'stable/i1', requests: 7, errors: 1 }]);
    const plain = look('epoch-1', { counts: countsOf(armed, SIDES), reset: [] });
    assert.equal(armTick(plain, 'baseline').requests, 16);
    assert.equal(stableInstances(plain, 'request', []).length, 2);
  });

  it('tell of each stable instance how many of its answers, or of its clients, were slow', () => {
    const latency = createHistogram();
    for (const ms of [10, 20, 30, 40]) recordLatency(latency, ms);
    const slow = new Map([[bucketOf(30), 2]]);
    const one = {
      name: 'stable/i1',
      part: 'baseline',
      requests: 5,
      errors: 1,
      failures: 1,
      latency,
      slow,
      clients: 0,
    };
    const seen = look('epoch-1', { counts: [one as Look['counts'][number]], reset: [] });
    const read = unpackLook(JSON.parse(JSON.stringify(packLook(seen))));
    const slowFrom = [20, 30, 40, 50].map(bucketOf);
    assert.deepEqual(stableInstances(read, 'request', slowFrom)[0]?.slow, [3, 2, 1, 0]);
    assert.deepEqual(stableInstances(read, 'client', slowFrom)[0]?.slow, [0, 2, 0, 0]);
  });
});
