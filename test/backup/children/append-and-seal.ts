/** Writes to the store of a folder until it is killed, sealing its audit log now and then; says what was acknowledged. Argument: the folder. */
import { AuditSeal } from '../../../src/engine/audit.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { auditKeyFile } from '../../../src/server/keys.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { anAppend, aTask, laneNamed, resumed } from '../../support/store-samples.ts';

const [dir = ''] = process.argv.slice(2);
const store = await openSqliteStore({ dir, chance: hostSystem });
const seal = await AuditSeal.open(store, auditKeyFile(dir));

async function appendTo(name: string): Promise<never> {
  const lane = laneNamed(name);
  for (let version = 0; ; version += 1) {
    const result = await store.append(
      anAppend({
        lane,
        expectedVersion: version,
        events: [resumed(`${name}-${version}`), resumed(`${name}-${version}`)],
        tasks: [aTask(`${name}-${version}`)],
      }),
    );
    if (!result.ok) throw new Error(`refused: ${result.why}`);
    process.stdout.write(`${name} ${result.version}\n`);
    if (version % 50 === 49) await seal.seal();
  }
}

await Promise.all(['a', 'b', 'c'].map(appendTo));
