/**
 * PostgreSQL itself is killed and started again, TIMES, under deployments and what asks for them: in turns with SIGKILL and as its own
 * "immediate" shutdown. Two replicas; what they had acknowledged has to be there, and they have to go on by themselves.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { report } from '../../bench/lib/report.ts';
import type { RunningPostgres } from '../support/postgres.ts';
import { none, number } from './support/figures.ts';
import { withFleet } from './support/script.ts';

const TIMES = number('TIMES', 10);
const RATE = number('RATE', 3);
const UP_MS = 3000;
const RESUMED_MS = 30_000;
const STARTS = 20;
const START_PAUSE_MS = 500;
const PATIENCE_MS = 45_000;

await withFleet('postgres', { applications: Math.ceil(RATE * 8) }, async (fleet, say, postgres) => {
  await fleet.start(2);
  fleet.deploy(RATE);
  const resumed: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    await sleep(UP_MS);
    const before = fleet.acknowledged.length;
    const killedAt = Date.now();
    if (time % 2 === 0) process.kill(postgres.pid(), 'SIGKILL');
    await postgres.crash();
    await startAgain(postgres);
    const startedAt = Date.now();
    resumed.push(await fleet.keptAfter(startedAt, RESUMED_MS));
    say(
      `${time % 2 === 0 ? 'SIGKILL' : 'immediate'} ${time + 1} of ${TIMES}: away for ${startedAt - killedAt} ms, then ${resumed.at(-1)} ms until something was durable; ${before} deployments so far`,
    );
  }
  await fleet.stopDeploying();
  const account = await fleet.account(PATIENCE_MS);
  report('faults-postgres', [
    { what: 'times that PostgreSQL was killed', unit: '', value: TIMES },
    {
      what: 'longest from its return until something was durable again',
      unit: 'ms',
      value: Math.max(...resumed),
      bar: { on: 'value', atMost: RESUMED_MS },
    },
    ...account,
    none('replicas that ended', fleet.replicas.filter(({ running }) => !running).length),
  ]);
});

/** As a supervisor does: what the dead one has left behind may keep the next from starting for a moment. */
async function startAgain(postgres: RunningPostgres): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await postgres.start();
    } catch (error) {
      if (tries === STARTS) throw error;
      await sleep(START_PAUSE_MS);
    }
  }
}
