/**
 * Three replicas on one PostgreSQL, one of them killed every 5 s and started again, under deployments of many applications: RATE a
 * second for MINUTES. Engines, stores and processes are real; targets and traffic are simulated and outlive the replicas.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { report } from '../../bench/lib/report.ts';
import { slowest } from './support/fleet.ts';
import { number } from './support/figures.ts';
import { withFleet } from './support/script.ts';

const MINUTES = number('MINUTES', 1);
const RATE = number('RATE', 5);
const REPLICAS = 3;
const KILL_EVERY_MS = 5000;
const URGENT_MS = 3000;
const OTHERS_MS = 20_000;
const PATIENCE_MS = 60_000;

await withFleet('replicas', { applications: Math.ceil(RATE * 8) }, async (fleet, say) => {
  await fleet.start(REPLICAS);
  fleet.deploy(RATE);
  const kills = Math.floor((MINUTES * 60_000) / KILL_EVERY_MS);
  for (let kill = 0; kill < kills; kill++) {
    await sleep(KILL_EVERY_MS);
    const before = fleet.interrupted.length;
    await fleet.replace(kill % REPLICAS);
    say(
      `killed ${kill + 1} of ${kills} with ${fleet.interrupted.length - before} things under way; ${fleet.acknowledged.length} deployments so far`,
    );
  }
  await fleet.stopDeploying();
  const account = await fleet.account(PATIENCE_MS);
  const taken = fleet.interrupted.filter(({ resumedAt }) => resumedAt !== null);
  const urgent = taken.filter((one) => one.urgent);
  const others = taken.filter((one) => !one.urgent);
  report('faults-replicas', [
    { what: 'replicas killed', unit: '', value: kills },
    {
      what: `deployments acknowledged (asked for: ${RATE}/s)`,
      unit: '/s',
      value: fleet.acknowledged.length / (MINUTES * 60),
    },
    ...account,
    { what: 'rollouts and rollbacks that a kill interrupted', unit: '', value: urgent.length },
    {
      what: 'longest until the judge or a rollback went on elsewhere',
      unit: 'ms',
      value: slowest(urgent),
      bar: { on: 'value', atMost: URGENT_MS },
    },
    { what: 'other tasks that a kill interrupted', unit: '', value: others.length },
    {
      what: 'longest until they went on elsewhere',
      unit: 'ms',
      value: slowest(others),
      bar: { on: 'value', atMost: OTHERS_MS },
    },
  ]);
});
