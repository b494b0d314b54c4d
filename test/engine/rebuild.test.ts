import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Deployment, Rollout } from '../../src/core/deployment.ts';
import { instanceId } from '../../src/core/ids.ts';
import type { Plan } from '../../src/core/plan.ts';
import { instant, minutes, seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { StableHistory } from '../../src/engine/observer/history.ts';
import { tapeOf } from '../../src/engine/observer/tape.ts';
import { Watch } from '../../src/engine/observer/watch.ts';
import { createHistogram, recordLatency } from '../../src/judge/index.ts';
import type { SeriesRow } from '../../src/ports/store.ts';
import type { InstanceCounts, TrafficCounts } from '../../src/ports/traffic.ts';
import { PLAN, World } from '../core/given.ts';
import { seededChance } from '../support/chance.ts';

type Counted = { -readonly [Key in keyof InstanceCounts]: InstanceCounts[Key] };

/** A provider with three stable instances and a canary, whose counts grow by chance, are lost, and go back. */
class Provider {
  epoch = 1;
  watched: readonly number[] = [];
  readonly #random: () => number;
  readonly #instances: Counted[];

  constructor(seed: number, { revision, previous }: Deployment) {
    const chance = seededChance(seed);
    this.#random = () => (chance.bytes(1)[0] ?? 0) / 256;
    const newCounts = (arm: 'stable' | 'canary', number: number): Counted => ({
      arm,
      revision: (arm === 'canary' ? revision : previous)?.digest ?? PLAN_HAS_BOTH(),
      version: arm,
      instance: instanceId(`${arm}-${number}`),
      requests: 0,
      errors: 0,
      visitorErrors: 0,
      failingVisitors: 0,
      latency: createHistogram(),
      slowVisitors: new Map(),
    });
    this.#instances = [0, 1, 2].map((n) => newCounts('stable', n)).concat(newCounts('canary', 0));
  }

  happen(): void {
    if (this.#random() < 0.02) this.#begin(this.#instances, ++this.epoch);
    if (this.#random() < 0.02) this.#begin(this.#instances.slice(0, 1), this.epoch);
    for (const one of this.#instances) {
      const requests = Math.floor(this.#random() * 60);
      for (let i = 0; i < requests; i++) recordLatency(one.latency, 5 + this.#random() * 50);
      const errors = Math.floor(requests * this.#random() * (one.arm === 'canary' ? 0.06 : 0.05));
      one.requests += requests;
      one.errors += errors;
      one.visitorErrors += errors;
      one.failingVisitors += errors;
      const slow = new Map(one.slowVisitors);
      for (const bucket of this.watched)
        slow.set(bucket, (slow.get(bucket) ?? 0) + Math.floor(requests / 20));
      one.slowVisitors = slow;
    }
  }

  counts(rollout: string): TrafficCounts {
    const instances = this.#instances.map((one) => ({ ...one, latency: one.latency.slice() }));
    const { epoch, watched } = this;
    const known = { route: 'shop', epoch: `epoch-${epoch}`, rollout, at: instant(0), dropped: 0 };
    return { ...known, instances, watched, approximate: false };
  }

  #begin(instances: readonly Counted[], epoch: number): void {
    this.epoch = epoch;
    const none = { requests: 0, errors: 0, visitorErrors: 0, failingVisitors: 0 };
    for (const one of instances)
      Object.assign(one, none, { latency: createHistogram(), slowVisitors: new Map() });
  }
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, n) => sum + n, 0);

const PLAN_HAS_BOTH = () => assert.fail('a canary is compared with what was there before');

const NOTHING = {
  crashes: { canary: 0, baseline: 0 },
  instanceMinutes: { canary: 1 / 60, baseline: 3 / 60 },
};

function rollingOut(sticky: boolean): { deployment: Deployment; rollout: Rollout } {
  const settings = { sticky: sticky ? { by: 'cookie', name: 'spillway' } : { by: 'none' } };
  const runtime = { ...PLAN.runtime, traffic: { type: 'dummy', settings } };
  const plan: Plan = { ...PLAN, runtime, analysis: { ...PLAN.analysis, errorRate: 0.2, warmUp: 'auto' } };
  const world = new World();
  world.serving('v1');
  const id = world.request('v2', plan);
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  const deployment = world.get(id);
  const { status } = deployment;
  assert.ok(status.state === 'deploying');
  return { deployment, rollout: status.rollout };
}

/** Looks once a second for so long; `at` is called after each look. */
function watchFor(
  looks: number,
  { sticky, seed }: { readonly sticky: boolean; readonly seed: number },
  at: (second: number, watch: Watch, rows: readonly SeriesRow[], rollout: Rollout) => void,
): Deployment {
  const { deployment, rollout } = rollingOut(sticky);
  const provider = new Provider(seed, deployment);
  const before = new StableHistory();
  const stable = deployment.previous?.digest ?? PLAN_HAS_BOTH();
  for (let second = -3600; second < 0; second += 5) {
    provider.happen();
    before.note(instant(seconds(4000 + second)), provider.counts('v1'), stable);
  }
  const watch = new Watch(deployment, []);
  const rows: SeriesRow[] = [];
  for (let second = 1; second <= looks; second++) {
    provider.happen();
    const now = instant(seconds(4000 + second));
    const step = Math.floor(second / 60);
    const present = { ...rollout, step, weight: weightOf(10), shiftedAt: instant(seconds(4000 + step * 60)) };
    const row = watch.look(now, provider.counts(deployment.id), {
      ...NOTHING,
      rollout: present,
      history: before.blocks,
    });
    assert.ok(row);
    rows.push(JSON.parse(JSON.stringify(row)) as SeriesRow);
    provider.watched = watch.buckets;
    at(second, watch, rows, present);
  }
  return deployment;
}

describe('the judge of a rollout', () => {
  for (const sticky of [true, false])
    it(`is the same, to the byte of its record, when it is rebuilt from the series (${sticky ? 'clients' : 'requests'})`, () => {
      let verdicts = 0;
      for (const seed of [1, 2, 3]) {
        const { deployment } = rollingOut(sticky);
        watchFor(180, { sticky, seed }, (second, watch, rows, rollout) => {
          if (second % 17 !== 0) return;
          const now = instant(seconds(4000 + second));
          const rebuilt = new Watch(deployment, rows);
          const record = (of: Watch) => JSON.stringify(of.assess(deployment, rollout, now));
          assert.equal(record(rebuilt), record(watch));
          assert.deepEqual(rebuilt.buckets, watch.buckets);
          verdicts++;
        });
      }
      assert.ok(verdicts >= 30);
    });

  it('is seeded with what the stable instances did in the half hour before', () => {
    let rows: readonly SeriesRow[] = [];
    const deployment = watchFor(2, { sticky: false, seed: 1 }, (_, _watch, recorded) => (rows = recorded));
    const history = tapeOf(deployment, rows)?.history ?? [];
    assert.deepEqual(
      history.map(({ length }) => length),
      [10, 60],
    );
    const [tens, minutesLong] = history;
    assert.ok(
      (tens?.blocks.length ?? 0) * seconds(10) > minutes(30),
      `${tens?.blocks.length} blocks of 10 s`,
    );
    assert.ok((minutesLong?.blocks.length ?? 0) * minutes(1) > minutes(30));
    assert.ok(tens?.blocks.some(({ requests }) => requests.length === 3));
  });

  it('asks for clients to be counted by bucket of latency where they are sticky, and only there', () => {
    const asked = { sticky: 0, drawn: 0 };
    watchFor(120, { sticky: true, seed: 5 }, (_, watch) => (asked.sticky = watch.buckets.length));
    watchFor(120, { sticky: false, seed: 5 }, (_, watch) => (asked.drawn += watch.buckets.length));
    assert.ok(asked.sticky >= 4, `${asked.sticky} buckets`);
    assert.equal(asked.drawn, 0);
  });

  it('knows how many clients its evidence comes from, where they are sticky', () => {
    let rows: readonly SeriesRow[] = [];
    const deployment = watchFor(30, { sticky: true, seed: 2 }, (_, _watch, recorded) => (rows = recorded));
    const last = tapeOf(deployment, rows)?.ticks.at(-1);
    assert.ok((last?.clients?.canary ?? 0) > 0);
    assert.ok((last?.clients?.baseline ?? 0) > (last?.clients?.canary ?? 0));
  });
});

describe('what is known of stable instances before a rollout', () => {
  const { deployment } = rollingOut(false);
  const stable = deployment.previous?.digest ?? PLAN_HAS_BOTH();
  const newDigest = deployment.revision?.digest ?? PLAN_HAS_BOTH();

  it('is whole blocks only: a time in which nobody looked is not in it', () => {
    const provider = new Provider(3, deployment);
    const history = new StableHistory();
    const look = (at: number) => {
      provider.happen();
      history.note(instant(seconds(at)), provider.counts('v1'), stable);
    };
    for (let at = 0; at <= 60; at += 5) look(at);
    const before = history.blocks.map(({ blocks }) => blocks.length);
    assert.deepEqual(before, [6, 1]);
    look(600);
    assert.deepEqual(
      history.blocks.map(({ blocks }) => blocks.length),
      before,
    );
    for (let at = 605; at <= 660; at += 5) look(at);
    assert.deepEqual(
      history.blocks.map(({ blocks }) => blocks.length),
      [12, 2],
    );
  });

  it('says how many answers were slow, as soon as it is known what that is', () => {
    const provider = new Provider(5, deployment);
    const history = new StableHistory();
    for (let at = 0; at <= 300; at += 5) {
      provider.happen();
      history.note(instant(seconds(at)), provider.counts('v1'), stable);
    }
    const [tens] = history.blocks;
    assert.ok(tens !== undefined);
    assert.ok(tens.blocks.slice(0, 5).every(({ slow }) => slow === undefined));
    for (const { requests, slow } of tens.blocks.slice(8)) {
      assert.equal(slow?.length, 4);
      // Half of the answers, about, are slower than half of them are.
      const share = sumOf(slow[0] ?? []) / sumOf(requests);
      assert.ok(share > 0.3 && share < 0.7, `${share}`);
      assert.ok(sumOf(slow[3] ?? []) <= sumOf(slow[2] ?? []));
    }
  });

  it('is forgotten when something else serves', () => {
    const provider = new Provider(4, deployment);
    const history = new StableHistory();
    for (let at = 0; at <= 60; at += 5) {
      provider.happen();
      history.note(instant(seconds(at)), provider.counts('v1'), stable);
    }
    history.note(instant(seconds(65)), provider.counts('v1'), newDigest);
    assert.deepEqual(
      history.blocks.map(({ blocks }) => blocks.length),
      [0, 0],
    );
  });
});
