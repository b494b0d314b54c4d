import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LaneEvent } from '../../src/core/events.ts';
import { instanceId } from '../../src/core/ids.ts';
import { instant, seconds } from '../../src/core/time.ts';
import { tapeOf } from '../../src/engine/observer/tape.ts';
import { Watch } from '../../src/engine/observer/watch.ts';
import { createHistogram, recordLatency, type Histogram } from '../../src/judge/index.ts';
import type { SeriesRow } from '../../src/ports/store.ts';
import type { InstanceCounts, TrafficCounts } from '../../src/ports/traffic.ts';
import { readRecord } from '../../src/views/judge/record.ts';
import { verifyRecord } from '../../src/views/judge/verify.ts';
import { recordOf, recordText } from '../../src/views/judge/write.ts';
import { World } from '../core/given.ts';

/** What a provider has counted of one instance; every tenth request of a sick one fails. */
class Counted {
  readonly #one: Pick<InstanceCounts, 'arm' | 'revision' | 'version' | 'instance'>;
  readonly #failsEvery: number;
  readonly #latency: Histogram = createHistogram();
  #requests = 0;

  constructor(one: Pick<InstanceCounts, 'arm' | 'revision' | 'version' | 'instance'>, failsEvery: number) {
    this.#one = one;
    this.#failsEvery = failsEvery;
  }

  serve(requests: number): void {
    for (let i = 0; i < requests; i++) recordLatency(this.#latency, 20 + ((this.#requests + i) % 40));
    this.#requests += requests;
  }

  counts(): InstanceCounts {
    const errors = Math.floor(this.#requests / this.#failsEvery);
    return {
      ...this.#one,
      requests: this.#requests,
      errors,
      visitorErrors: errors,
      failingVisitors: errors,
      latency: this.#latency.slice(),
      slowVisitors: new Map(),
    };
  }
}

test('a rollout that was really watched is judged again from its rows alone, with every verdict the same', () => {
  const world = new World();
  world.serving('v1');
  const id = world.request('v2');
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  const deployment = world.get(id);
  const { status, previous, revision } = deployment;
  assert.ok(status.state === 'deploying' && previous !== null && revision !== null);
  const stable = { arm: 'stable' as const, revision: previous.digest, version: '1' };
  const instances = [
    new Counted({ ...stable, instance: instanceId('s1') }, 200),
    new Counted({ ...stable, instance: instanceId('s2') }, 190),
    new Counted({ arm: 'canary', revision: revision.digest, version: '2', instance: instanceId('c1') }, 10),
  ];
  const counts = (): TrafficCounts => ({
    route: 'shop',
    epoch: 'epoch-1',
    rollout: id,
    at: instant(0),
    instances: instances.map((one) => one.counts()),
    dropped: 0,
    watched: [],
    approximate: false,
  });

  const watch = new Watch(deployment, []);
  const rows: SeriesRow[] = [];
  const events: LaneEvent[] = [];
  let said = '';
  const from = status.rollout.startedAt ?? world.now;
  for (let second = 1; second <= 150; second++) {
    const now = instant(from + seconds(second));
    for (const one of instances) one.serve(30);
    const row = watch.look(now, counts(), {
      crashes: { canary: 0, baseline: 0 },
      instanceMinutes: { canary: 1 / 60, baseline: 2 / 60 },
      rollout: status.rollout,
      history: [],
    });
    assert.ok(row);
    rows.push(JSON.parse(JSON.stringify(row)) as SeriesRow);
    const assessment = watch.assess(deployment, status.rollout, now);
    assert.ok(assessment);
    const { verdict, rule, response, reason, record } = assessment;
    if (`${verdict} ${rule}` === said) continue;
    said = `${verdict} ${rule}`;
    const kept = JSON.parse(JSON.stringify(record)) as Extract<
      LaneEvent,
      { type: 'verdict.changed' }
    >['record'];
    const change = { type: 'verdict.changed' as const, at: now, actor: 'spillway', deployment: id };
    events.push({ ...change, step: 0, verdict, rule, response, reason, record: kept });
  }
  assert.match(said, /^issue/);

  const tape = tapeOf(deployment, rows);
  assert.ok(tape);
  const text = recordText(recordOf(deployment, tape, events, watch.live().assessment));
  const result = verifyRecord(readRecord(text, 'record'), 'record');
  assert.deepEqual(result.differences, []);
  assert.equal(result.ticks, 150);
  assert.equal(result.verdicts, events.length + 1);
  assert.ok(result.verified);
});

test('where nothing was looked at, there is no record', () => {
  const world = new World();
  assert.equal(tapeOf(world.get(world.request('v1')), []), null);
});
