import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import BetterSqlite3 from 'better-sqlite3';
import { isTerminal, type Deployment } from '../../src/core/deployment.ts';
import type { LaneEvent } from '../../src/core/events.ts';
import { evolve } from '../../src/core/evolve.ts';
import { applicationName, environmentName, type LaneId } from '../../src/core/ids.ts';
import { emptyLane, liveOnly } from '../../src/core/lane.ts';
import { minutes } from '../../src/core/time.ts';
import { tapeOf } from '../../src/engine/observer/tape.ts';
import { verdictOf, type AssessmentRecord } from '../../src/judge/index.ts';
import { verifyExport } from '../../src/ledger/index.ts';
import type { Store } from '../../src/ports/store.ts';
import { openSqliteStore } from '../../src/store/sqlite/index.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations.ts';
import { whyOf } from '../../src/views/why.ts';
import { Bench } from '../engine/support/bench.ts';
import { means } from '../engine/support/audit.ts';
import { seededChance } from '../support/chance.ts';
import { restore } from './dump.ts';

// What servers of every form have left behind, killed in the middle of a canary: this version reads it, proves it, and goes on.

const RECORDED = new URL('recorded/', import.meta.url);
const TINY: LaneId = { application: applicationName('tiny'), environment: environmentName('production') };

/** An empty database of a form of then. */
function databaseOf(path: string, form: number) {
  const db = new BetterSqlite3(path);
  for (const text of MIGRATIONS.slice(0, form)) db.exec(text);
  db.pragma(`user_version = ${form}`);
  return db;
}

/** When something is due was said by the version of then, and stays said. */
const withoutTimes = ({ due: _due, ...rest }: Deployment) => rest;

for (const file of readdirSync(RECORDED))
  describe(`a store of ${basename(file, '.jsonl')}`, () => {
    const dir = mkdtempSync(join(tmpdir(), 'spillway-upgrade-'));
    const open = () => openSqliteStore({ dir, chance: seededChance(1) });
    let events: LaneEvent[];
    let ended: readonly Deployment[];
    let canary: Deployment;

    /** Reads the store while no server runs on it. */
    async function reading<Value>(read: (store: Store) => Promise<Value>): Promise<Value> {
      const store = await open();
      return read(store).finally(() => store.close());
    }

    before(async () => {
      restore(readFileSync(new URL(file, RECORDED), 'utf8'), (form) =>
        databaseOf(join(dir, 'store.db'), form),
      ).close();
      await reading(async (store) => {
        const all = await store.events({ limit: 1000 });
        events = all.flatMap(({ lane, event }) => (lane === null ? [] : [event as LaneEvent]));
        const deployments = await store.deployments({ limit: 10 });
        ended = deployments.filter(({ status }) => isTerminal(status.state));
        canary = deployments.find(({ status }) => !isTerminal(status.state)) ?? assert.fail();
      });
    });
    after(() => rmSync(dir, { recursive: true }));

    it('has states that are what its events amount to in the present form', async () => {
      const folded = events.reduce(evolve, emptyLane(TINY));
      const { lane } = await reading((store) => store.loadLane(TINY));
      assert.deepEqual(lane.environment, folded.environment);
      assert.deepEqual(lane.deployments.map(withoutTimes), liveOnly(folded.deployments).map(withoutTimes));
      const outcomes = ended.map(({ status }) => status.state).toSorted();
      assert.deepEqual(outcomes, ['completed', 'completed', 'failed']);
    });

    it('has series from which the judge is built again, and verdicts that follow from their records', async () => {
      const rows = await reading((store) => store.series(canary.id));
      assert.ok((tapeOf(canary, rows)?.ticks.length ?? 0) > 0);
      const verdicts = events.flatMap((event) => (event.type === 'verdict.changed' ? [event] : []));
      assert.ok(verdicts.length > 0);
      for (const { verdict, record } of verdicts) {
        const kept = record as unknown as AssessmentRecord;
        const again = verdictOf(kept);
        // The first form took silence of both versions for health.
        if (kept.evidence.canary.requests > 0) assert.equal(again.verdict, verdict);
      }
    });

    it('has verdicts of which the screens tell', async () => {
      for (const deployment of [...ended, canary]) {
        const own = events.filter((event) => 'deployment' in event && event.deployment === deployment.id);
        const why = whyOf(deployment, own, null);
        assert.ok(why.story.length > 0);
        const judged = why.evidence.filter(({ source }) => source.startsWith('verdict'));
        for (const { figures } of judged) assert.ok(figures);
      }
    });

    it('goes on: the canary comes to its end, and the whole log is proved', async () => {
      const now = events.reduce((latest, { at }) => Math.max(latest, at), 0) + 60_000;
      const bench = await Bench.start({ open, now });
      await bench.until(canary.id, ['completed', 'failed'], minutes(20));
      const lines: string[] = [];
      for await (const line of bench.engine.exportAudit()) lines.push(line);
      const { problems, size } = verifyExport(lines, means);
      assert.deepEqual(problems, []);
      assert.ok(size > events.length);
      const { lane } = await bench.store.loadLane(TINY);
      assert.ok(lane.environment.serving);
      assert.equal(lane.environment.locked, null);
      await bench.stop();
      await bench.store.close();
    });
  });
