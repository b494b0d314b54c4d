/** A replica to be frozen: says what it has, when it has lost it, and what then becomes of its work. Arguments: address, lease in ms. */
import { once } from 'node:events';
import { instant, milliseconds } from '../../../../src/core/time.ts';
import { openPostgresStore } from '../../../../src/store/postgres/index.ts';
import { realSystem } from '../../../support/real-system.ts';
import { anAppend, resumed } from '../../../support/store-samples.ts';

const say = (what: string) => process.stdout.write(`${what}\n`);
const [, , url = '', lease = ''] = process.argv;
const store = await openPostgresStore({ url, system: realSystem, lease: milliseconds(Number(lease)) });
const tasks = await store.claim(instant(0), 10);
const [held] = await store.hold(['audit']);
const [task] = tasks;
if (!held || !task) throw new Error('nothing was left for this replica');
say(`has ${tasks.map(({ key }) => key).join(' ')} ${held.name}`);
await once(held.lost, 'abort');
say('lost');
await once(process.stdin, 'data');
const late = await store.append(anAppend({ events: [resumed('d1')], completes: task }));
const holds = await store.hold(['audit']);
say(`${late.ok ? 'kept' : late.why} ${holds.length} holds`);
await store.close();
process.exit();
