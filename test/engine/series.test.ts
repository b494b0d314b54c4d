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
  unpackLook,
  type Look,
} from '../../src/engine/observer/series.ts';
import { createHistogram, recordLatency, type Histogram } from '../../src/judge/index.ts';
import type { TrafficCounts } from '../../src/ports/traffic.ts';

const SIDES = { canary: revisionDigest('sha256:new'), baseline: revisionDigest('sha256:old') };

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
      revision: instance % 2 === 0 ? SIDES.canary : SIDES.baseline,
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

const look = (epoch: string, counts: Look['counts'], start: Look['start'] = null): Look => ({
  epoch,
  start,
  counts,
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
        const rows = [packLook(look('epoch-1', [], { at: 0, base }))];
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
    const [news] = counters.advance('epoch-1', countsOf(provider.counts(), SIDES));
    assert.equal(news?.requests, 5);
    assert.equal(news.errors, 1);
    assert.equal(
      news.latency.reduce((sum, n) => sum + n, 0),
      5,
    );
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
});
