import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import type { Deployment } from '../../src/core/deployment.ts';
import { deploymentId } from '../../src/core/ids.ts';
import { EVENT_SCHEMA, presentForm } from '../../src/store/event-form.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations.ts';
import { LANE, PLAN, World } from '../core/given.ts';
import { seededChance } from '../support/chance.ts';
import { folderOf } from './folder.ts';

/** The deployment and its events as the first form knew them. */
function oldForm(deployment: Deployment) {
  const { pace: _pace, ...plan } = PLAN;
  const {
    judge: _judge,
    stages: _stages,
    certificate: _certificate,
    baseline: _baseline,
    aboveBaseline: _above,
    errorDifference: _difference,
    window: _window,
    crashWindow: _crashWindow,
    ...analysis
  } = plan.analysis;
  const { status } = deployment;
  assert.ok(status.state === 'deploying');
  const { response: _response, retreats: _retreats, degraded: _degraded, ...rollout } = status.rollout;
  const { abortedBy: _abortedBy, ...kept } = deployment;
  return { ...kept, plan: { ...plan, analysis }, status: { ...status, rollout } };
}

it('reads what an older Spillway wrote: one stage, steps that last their time', async (t) => {
  const world = new World();
  world.serving('v1');
  const id = world.request('v2', { analysis: { ...PLAN.analysis, stages: 1 } });
  world.through(id, 'preflight', 'build', 'prepare', 'start', 'shift');
  world.verdict(id, 'warning');
  const present = world.get(id);

  const dir = folderOf(t);
  const db = new BetterSqlite3(join(dir, 'store.db'));
  db.exec(MIGRATIONS[0] ?? '');
  db.pragma('user_version = 1');
  db.prepare('INSERT INTO lanes VALUES (?, ?, 1, ?)').run(
    LANE.application,
    LANE.environment,
    JSON.stringify(world.lane.environment),
  );
  db.prepare(
    'INSERT INTO deployments (id, application, environment, state, live, snapshot) VALUES (?, ?, ?, ?, 1, ?)',
  ).run(id, LANE.application, LANE.environment, 'deploying', JSON.stringify(oldForm(present)));
  db.close();

  const store = await openSqliteStore({ dir, chance: seededChance(1) });
  t.after(() => store.close());
  assert.deepEqual(await store.deployment(deploymentId(id)), present);
});

it('brings old events to the present form', () => {
  const evidence = { phi: 1, effects: { p95Ratio: null }, certificate: { held: false } };
  const said = {
    type: 'verdict.changed',
    deployment: 'd1',
    verdict: 'issue',
    rule: 'error-ratio',
    record: { warmUpEndsAt: 5, evidence, issue: null },
  };
  const presentEvidence = {
    phi: 1,
    stages: 1,
    mayBeCold: false,
    unit: 'request',
    phiByBlock: [],
    latencyPhi: null,
    clients: null,
    plain: null,
    effects: { p95Ratio: null, errorDifference: null },
    certificate: { held: false, needed: 20 },
  };
  const record = {
    warmUpEndsAt: 5,
    warmUpTimeConstantMs: null,
    latencyProvenAt: null,
    latencyMissing: 0,
    evidence: presentEvidence,
    issue: null,
  };
  assert.deepEqual(presentForm(1, said), { ...said, response: 'rollback', record });
  const latched = { ...said, record: { ...said.record, issue: evidence } };
  assert.deepEqual(presentForm(1, latched), {
    ...said,
    response: 'rollback',
    record: { ...record, issue: presentEvidence },
  });
  assert.equal((presentForm(1, { ...said, verdict: 'ok' }) as { response?: unknown }).response, null);
  assert.deepEqual(presentForm(1, { type: 'rollback.started', to: null }), {
    type: 'rollback.started',
    to: null,
    event: null,
  });
  const requested = { type: 'deployment.requested', plan: { soak: 0, analysis: { alpha: 0.01 } } };
  assert.deepEqual(presentForm(1, requested), {
    type: 'deployment.requested',
    plan: {
      soak: 0,
      pace: 'time',
      analysis: {
        alpha: 0.01,
        judge: 'sequential',
        stages: 1,
        certificate: 'standard',
        baseline: 'stable',
        aboveBaseline: false,
        errorDifference: null,
        window: 300_000,
        crashWindow: 300_000,
      },
    },
  });
  const kept = { type: 'deployment.paused', deployment: 'd1', reason: 'lunch' };
  assert.deepEqual(presentForm(1, kept), kept);
  assert.deepEqual(presentForm(EVENT_SCHEMA, said), said);
});
