import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applicationName, environmentName, type LaneId } from '../../src/core/ids.ts';
import { Holdings } from '../../src/engine/observer/holdings.ts';
import type { Hold } from '../../src/ports/store.ts';

const LANES: readonly LaneId[] = Array.from({ length: 300 }, (_, n) => ({
  application: applicationName(`a${n}`),
  environment: environmentName('production'),
}));

/** Replicas that may hold a name one at a time. */
class Replicas {
  readonly held = new Map<string, string>();
  live: readonly string[];
  readonly lost = new Map<string, AbortController>();

  constructor(...live: readonly string[]) {
    this.live = live;
  }

  holdings(self: string): Holdings {
    const lost = new AbortController();
    this.lost.set(self, lost);
    return new Holdings({
      peers: async () => ({ self, live: this.live }),
      hold: async (names) => names.flatMap((name) => this.#take(name, self, lost.signal)),
    });
  }

  dies(name: string): void {
    this.live = this.live.filter((one) => one !== name);
    this.lost.get(name)?.abort();
    for (const [held, by] of this.held) if (by === name) this.held.delete(held);
  }

  #take(name: string, self: string, lost: AbortSignal): Hold[] {
    const by = this.held.get(name);
    if (by !== undefined && by !== self) return [];
    this.held.set(name, self);
    const release = async () => void this.held.delete(name);
    return [{ name, fence: 1, lost, release }];
  }
}

const countOf = (holdings: Holdings) => LANES.filter((lane) => holdings.has(lane)).length;

describe('lanes among replicas', () => {
  it('are all the lone one’s', async () => {
    const holdings = new Replicas('1').holdings('1');
    await holdings.take(LANES);
    assert.equal(countOf(holdings), LANES.length);
  });

  it('fall to each in about equal parts, every lane to one', async () => {
    const replicas = new Replicas('1', '2', '3');
    const all = ['1', '2', '3'].map((self) => replicas.holdings(self));
    for (const one of all) await one.take(LANES);
    const counts = all.map(countOf);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      LANES.length,
    );
    for (const count of counts) assert.ok(count > 70 && count < 130, counts.join());
  });

  it('move to a replica that joins, and only those that fall to it', async () => {
    const replicas = new Replicas('1');
    const [first, second] = [replicas.holdings('1'), replicas.holdings('2')];
    await first.take(LANES);
    replicas.live = ['1', '2'];
    await second.take(LANES);
    assert.equal(countOf(second), 0, 'not before the other lets go');
    await first.take(LANES);
    await second.take(LANES);
    assert.equal(countOf(first) + countOf(second), LANES.length);
    assert.ok(countOf(second) > 110 && countOf(second) < 190);
  });

  it('are taken over from one that dies', async () => {
    const replicas = new Replicas('1', '2');
    const [first, second] = [replicas.holdings('1'), replicas.holdings('2')];
    await first.take(LANES);
    await second.take(LANES);
    replicas.dies('1');
    assert.equal(countOf(first), 0, 'what is lost is not held');
    await second.take(LANES);
    assert.equal(countOf(second), LANES.length);
  });
});
