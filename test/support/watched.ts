import assert from 'node:assert/strict';
import type { Deployment } from '../../src/core/deployment.ts';
import type { LaneEvent } from '../../src/core/events.ts';
import { instanceId } from '../../src/core/ids.ts';
import { instant, seconds } from '../../src/core/time.ts';
import { Watch } from '../../src/engine/observer/watch.ts';
import { createHistogram, recordLatency, type Assessment, type Histogram } from '../../src/judge/index.ts';
import type { SeriesRow } from '../../src/ports/store.ts';
import type { InstanceCounts, TrafficCounts } from '../../src/ports/traffic.ts';
import type { World } from '../core/given.ts';

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

/** What has come of a rollout that was watched. */
export interface Watched {
  readonly deployment: Deployment;
  readonly rows: readonly SeriesRow[];
  /** Each change of the judge's mind. */
  readonly events: readonly LaneEvent[];
  readonly latest: Assessment;
}

/** Serves v1, rolls v2 out and watches it for so many seconds, in which it comes to fail. */
export function watchRollout(world: World, length: number): Watched {
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
  for (let second = 1; second <= length; second++) {
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
  const latest = watch.live().assessment;
  assert.ok(latest);
  return { deployment, rows, events, latest };
}
