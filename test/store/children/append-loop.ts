/** Writes to the store of a folder until it is killed; says on its output what was acknowledged. Argument: the folder. */
import { writeSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { deploymentId } from '../../../src/core/ids.ts';
import type { Store } from '../../../src/ports/store.ts';
import { openSqliteStore } from '../../../src/store/sqlite/index.ts';
import { seededChance } from '../../support/chance.ts';
import { aDeployment, aTask, anAppend, anItem, laneNamed, resumed } from '../../support/store-samples.ts';

const acknowledge = (what: string) => writeSync(1, `${what}\n`);

async function appendTo(store: Store, name: string): Promise<never> {
  const lane = laneNamed(name);
  let { version } = await store.loadLane(lane);
  for (;;) {
    const id = `${name}-${version}`;
    const result = await store.append(
      anAppend({
        lane,
        expectedVersion: version,
        events: [resumed(id), resumed(id)],
        deployments: [aDeployment(id, { state: 'completed', soakComplete: true }, lane)],
        tasks: [aTask(id, { deployment: deploymentId(id) })],
      }),
    );
    if (!result.ok) throw new Error(`refused: ${result.why}`);
    version = result.version;
    acknowledge(`lane ${name} ${version}`);
  }
}

async function receiveInto(store: Store): Promise<never> {
  for (;;) {
    const id = randomUUID();
    await store.receive(anItem(id, ''));
    acknowledge(`item ${id}`);
  }
}

const store = await openSqliteStore({ dir: process.argv[2] ?? '', chance: seededChance(process.pid) });
acknowledge('open');
await Promise.all([...['a', 'b', 'c', 'd'].map((name) => appendTo(store, name)), receiveInto(store)]);
