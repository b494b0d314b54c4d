import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Deployment } from '../../src/core/deployment.ts';
import type { RevisionDigest } from '../../src/core/ids.ts';
import type { MetricsPlan } from '../../src/core/plan.ts';
import { instant, seconds } from '../../src/core/time.ts';
import { Metered } from '../../src/engine/observer/metered.ts';
import { tapeOf } from '../../src/engine/observer/tape.ts';
import type { World as EngineWorld } from '../../src/engine/world.ts';
import type { Assessment } from '../../src/judge/index.ts';
import type { MetricSource, MetricWindow } from '../../src/ports/metrics.ts';
import type { SeriesRow } from '../../src/ports/store.ts';
import { World } from '../core/given.ts';

const PLAN: MetricsPlan = { type: 'prometheus', settings: {}, staleAfter: seconds(60) };

/** A canary that has just been given its first share. */
function rollingOut(): Deployment {
  const world = new World();
  world.serving('v1');
  const id = world.request('v2');
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  const deployment = world.get(id);
  const analysis = { ...deployment.plan.analysis, metrics: PLAN };
  return { ...deployment, plan: { ...deployment.plan, analysis } };
}

/** What the engine gives it, and what it asked and recorded. */
function stage(answer: (from: number, to: number) => MetricWindow) {
  const asked: Array<readonly [version: string, from: number]> = [];
  const rows: SeriesRow[] = [];
  const source: MetricSource = {
    window: async (_query, { version }, from, to) => {
      asked.push([version, from]);
      return answer(from, to);
    },
  };
  const world = {
    metrics: async () => source,
    store: { appendSeries: async (more: readonly SeriesRow[]) => void rows.push(...more) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  } as unknown as EngineWorld;
  return { asked, rows, world };
}

const counted = (_from: number, to: number): MetricWindow => ({
  instances: [{ name: 'one', requests: 100, errors: 1, latency: null }],
  unit: 'request',
  watermark: instant(to),
  notes: [],
});

function rolloutOf({ status }: Deployment) {
  assert.ok(status.state === 'deploying' && status.rollout.startedAt !== null);
  return { ...status.rollout, startedAt: status.rollout.startedAt };
}

const LANE = { application: 'shop', environment: 'production' } as never;

async function look(metered: Metered, deployment: Deployment, at: number): Promise<void> {
  metered.look(deployment, rolloutOf(deployment), [], instant(at));
  for (let i = 0; i < 20; i++) await turn();
}

describe('a rollout that is judged by a metric source', () => {
  it('is rebuilt from its rows, and asks on from where it was', async () => {
    const deployment = rollingOut();
    const { startedAt } = rolloutOf(deployment);
    const first = stage(counted);
    const metered = new Metered(first.world, LANE, deployment, PLAN, []);
    for (const wait of [10_000, 20_000, 30_000]) await look(metered, deployment, startedAt + wait);
    assert.equal(first.rows.length, 4, 'the beginning, and three ticks');

    const second = stage(counted);
    const again = new Metered(second.world, LANE, deployment, PLAN, first.rows);
    assert.deepEqual(again.live().counts, metered.live().counts);
    await look(again, deployment, startedAt + 40_000);
    assert.deepEqual([...new Set(second.asked.map(([, from]) => from))], [startedAt + 30_000]);
    const tape = tapeOf(deployment, [...first.rows, ...second.rows]);
    assert.deepEqual(
      tape?.ticks.map(({ canary }) => canary.requests),
      [0, 100, 100, 100, 100],
    );
  });

  it('says what is missing from the first look on', async () => {
    const deployment = rollingOut();
    const { startedAt } = rolloutOf(deployment);
    const { world } = stage(() => {
      throw new Error('nobody answers');
    });
    const metered = new Metered(world, LANE, deployment, PLAN, []);
    await look(metered, deployment, startedAt + 10_000);
    const said = metered.assess(deployment, rolloutOf(deployment), instant(startedAt + 3_600_000), undefined);
    assert.equal(said?.verdict, 'warning');
    assert.match(said?.reason ?? '', /nobody answers/);
  });

  it('is not judged by what cannot tell its two sides apart', async () => {
    const deployment = rollingOut();
    const { revision, previous } = deployment;
    assert.ok(revision && previous);
    const digest = 'sha256:another' as RevisionDigest;
    const alike: Deployment = { ...deployment, previous: { ...revision, digest } };
    const { startedAt } = rolloutOf(deployment);
    const { world, asked } = stage(counted);
    const metered = new Metered(world, LANE, alike, PLAN, []);
    await look(metered, alike, startedAt + 10_000);
    assert.deepEqual(asked, []);
    const said = metered.assess(alike, rolloutOf(alike), instant(startedAt + 3_600_000), undefined);
    assert.match(said?.reason ?? '', /both sides have the version/);

    const told = { ...PLAN, settings: { requests: 'r{revision="{{ revision }}"}' } };
    await look(new Metered(world, LANE, alike, told, []), alike, startedAt + 10_000);
    assert.ok(asked.length > 0);
  });

  it('does not wait for a source where the edge has seen a dead release', async () => {
    const deployment = rollingOut();
    const { world } = stage(counted);
    const metered = new Metered(world, LANE, deployment, PLAN, []);
    const guard = (rule: string) => ({ verdict: 'issue', rule }) as unknown as Assessment;
    const said = (rule: string) => metered.assess(deployment, rolloutOf(deployment), instant(0), guard(rule));
    assert.equal(said('dead-release')?.rule, 'dead-release');
    assert.equal(said('crash-rate')?.rule, 'crash-rate');
    assert.equal(said('error-ratio'), undefined, 'the rest is for the source to say');
  });
});
