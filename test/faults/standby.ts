/**
 * The primary is killed and its synchronous standby takes its place, TIMES, under deployments: what was acknowledged has to be on
 * the other side. Both are behind one address that moves, as with a virtual IP address or a proxy for PostgreSQL.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { report } from '../../bench/lib/report.ts';
import { number } from './support/figures.ts';
import { Pair } from './support/pair.ts';
import { withFleetOn } from './support/script.ts';

const TIMES = number('TIMES', 3);
const RATE = number('RATE', 3);
const UP_MS = 5000;
const RESUMED_MS = 30_000;
const PATIENCE_MS = 90_000;

await withFleetOn(
  'standby',
  (folder) => Pair.start(folder),
  { applications: RATE * 8 },
  async (fleet, say, pair) => {
    await fleet.start(2);
    fleet.deploy(RATE);
    const resumed: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      await sleep(UP_MS);
      const killedAt = Date.now();
      await pair.failOver();
      const attachedAt = Date.now();
      resumed.push(await fleet.keptAfter(attachedAt, RESUMED_MS));
      say(
        `promoted ${time + 1} of ${TIMES}: ${attachedAt - killedAt} ms until it had a standby, then ${resumed.at(-1)} ms until something was durable; ${fleet.acknowledged.length} deployments so far`,
      );
    }
    await fleet.stopDeploying();
    const account = await fleet.account(PATIENCE_MS);
    report('faults-standby', [
      { what: 'standbys promoted', unit: '', value: TIMES },
      {
        what: 'longest from having a standby again until something was durable',
        unit: 'ms',
        value: Math.max(...resumed),
        bar: { on: 'value', atMost: RESUMED_MS },
      },
      ...account,
    ]);
  },
);
