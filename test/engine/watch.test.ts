import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instanceId, type RevisionDigest } from '../../src/core/ids.ts';
import { instant, seconds } from '../../src/core/time.ts';
import { unpackLook } from '../../src/engine/observer/series.ts';
import { Watch } from '../../src/engine/observer/watch.ts';
import { createHistogram } from '../../src/judge/index.ts';
import type { TrafficCounts } from '../../src/ports/traffic.ts';
import { World } from '../core/given.ts';

const NOTHING = { crashes: { canary: 0, baseline: 0 }, instanceMinutes: { canary: 0, baseline: 0 } };

function counts(rollout: string, revision: RevisionDigest, requests: number, errors: number): TrafficCounts {
  const one = { arm: 'stable' as const, revision, version: '1', instance: instanceId('one') };
  const counted = { requests, errors, visitorErrors: errors, failingVisitors: 0, latency: createHistogram() };
  const instances = [{ ...one, ...counted, slowVisitors: new Map() }];
  return {
    route: 'shop',
    epoch: 'epoch-1',
    rollout,
    at: instant(0),
    instances,
    dropped: 0,
    watched: [],
    approximate: false,
  };
}

test('what stable has served and failed before a rollout is no evidence in it', () => {
  const world = new World();
  world.serving('v1');
  const id = world.request('v2');
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  const deployment = world.get(id);
  const { status, previous } = deployment;
  assert.ok(status.state === 'deploying' && previous !== null);
  const watch = new Watch(deployment, []);
  const look = (at: number, rollout: string, requests: number, errors: number) =>
    watch.look(instant(at), counts(rollout, previous.digest, requests, errors), {
      ...NOTHING,
      rollout: status.rollout,
      history: [],
    });

  assert.equal(look(seconds(1), 'v1', 1000, 7), null);
  const row = look(seconds(2), id, 1010, 8);
  assert.ok(row);
  const { requests, errors } = unpackLook(row.payload).counts[0] ?? {};
  assert.deepEqual({ requests, errors }, { requests: 10, errors: 1 });
});
