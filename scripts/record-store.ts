/**
 * Records what a server of this checkout leaves in its store: a release that is completed, one that is taken back, and one that the
 * server is killed in the middle of. `node scripts/record-store.ts FILE`, once when the form of what is kept changes; later
 * versions must go on from the file as it is.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { PATIENCE_MS, Scenario } from '../test/scenarios/support/scenario.ts';
import { dump } from '../test/upgrades/dump.ts';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('record-store.ts FILE');

const scenario = await Scenario.build();
try {
  await scenario.open({ version: 'first' });
  await scenario.end(await scenario.deploymentOf(scenario.release({ version: 'second' })));
  await scenario.end(await scenario.deploymentOf(scenario.release({ version: 'third', sick: true })));
  const id = await scenario.deploymentOf(scenario.release({ version: 'fourth' }));
  const shifts = () => scenario.journal.of(id).filter(({ type }) => type === 'traffic.shifted').length;
  await scenario.journal.until('the second step of a canary', PATIENCE_MS, () => shifts() > 1 || undefined);
  scenario.server.kill();
  await scenario.server.ended();
  const db = new BetterSqlite3(join(scenario.place.dataDir, 'store.db'));
  writeFileSync(file, dump(db));
  db.close();
} finally {
  await scenario.tearDown();
}
