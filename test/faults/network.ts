/**
 * The database is cut off from the replica that looks at most rollouts: its packets vanish, in both directions and without a word, for
 * longer than its lease (a network namespace of its own; needs root). The other takes its work over; when the packets come through
 * again it does nothing under its old fences.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { report } from '../../bench/lib/report.ts';
import { none, number } from './support/figures.ts';
import { slowest } from './support/fleet.ts';
import { Forwarder } from './support/forwarder.ts';
import { Island } from './support/island.ts';
import { skip, withFleet } from './support/script.ts';

const SECONDS = number('SECONDS', 20);
const RATE = number('RATE', 3);
const WARM_UP_MS = 12_000;
const BACK_MS = 15_000;
/** A lease of 15 s and a beat of the one who finds it out, and as long as after a kill. */
const URGENT_MS = 15_000 + 1000 + 3000;
const PATIENCE_MS = 60_000;
/** As `createDatabase` calls the first. */
const DATABASE = 'store_1';

if (process.getuid?.() !== 0) skip('network', 'it makes a network namespace, and only root may');
const missing = ['ip', 'nsenter'].find((program) => !installed(program));
if (missing !== undefined) skip('network', `${missing} is not installed`);

const island = new Island();
let forwarder: Forwarder | undefined;
try {
  await withFleet('network', { applications: RATE * 8 }, async (fleet, say, postgres) => {
    const url = new URL(postgres.url(DATABASE));
    // It keeps the sessions open whose packets vanish, as a database does that nobody tells.
    forwarder = await Forwarder.start(Number(url.port), island.address);
    url.host = `${island.address}:${forwarder.port}`;
    await fleet.start(1);
    const lonely = await fleet.add(url.href, island.enter);
    fleet.deploy(RATE);
    await sleep(WARM_UP_MS);
    fleet.goesAway(lonely);
    island.cut();
    const cutAt = Date.now();
    say(`${lonely.pid} is cut off with ${fleet.interrupted.length} things under way`);
    await sleep(SECONDS * 1000);
    island.mend();
    const mendedAt = Date.now();
    say(`its packets come through again after ${mendedAt - cutAt} ms`);
    await sleep(BACK_MS);
    await fleet.stopDeploying();
    const account = await fleet.account(PATIENCE_MS);
    const urgent = fleet.interrupted.filter((one) => one.urgent);
    const looks = [...fleet.world.looks.values()].filter(({ by, at }) => by === lonely.pid && at > mendedAt);
    report('faults-network', [
      { what: 'cut off for', unit: 'ms', value: mendedAt - cutAt },
      { what: 'rollouts and rollbacks that it had under way', unit: '', value: urgent.length },
      {
        what: 'longest until the judge or a rollback went on elsewhere',
        unit: 'ms',
        value: slowest(urgent),
        bar: { on: 'value', atMost: URGENT_MS },
      },
      { what: 'rollouts that it looks at again', unit: '', value: looks.length },
      ...account,
      none('replicas that ended', fleet.replicas.filter(({ running }) => !running).length),
    ]);
  });
} finally {
  forwarder?.close();
  island.remove();
}

function installed(program: string): boolean {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
