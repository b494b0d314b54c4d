/**
 * The disk with the data folder of an embedded server is full in the middle of a canary (a tmpfs; needs root). New work is refused,
 * the canary that turns bad is taken back, users notice nothing, and all goes on by itself when there is room.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError } from '../../src/core/errors.ts';
import { report } from '../../bench/lib/report.ts';
import { PATIENCE_MS, Scenario } from '../scenarios/support/scenario.ts';
import { none } from './support/figures.ts';
import { healthOf } from './support/health.ts';
import { inFolder, sayAs, skip } from './support/script.ts';

const say = sayAs('disk-full');
const DISK = '2g';
const MEGABYTE = 1024 * 1024;
const ATTEMPTS = 20;
const BACK_MS = 20_000;
const COMPARISON = 'warm_up: 2s';

if (process.getuid?.() !== 0) skip('disk-full', 'it mounts a file system, and only root may');
await inFolder('disk-full', async (folder) => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'none', disk]);
  try {
    await fillUp(folder, disk);
  } finally {
    execFileSync('umount', ['--lazy', disk]);
  }
});

async function fillUp(folder: string, disk: string): Promise<void> {
  const scenario = await Scenario.build({ dataDir: join(disk, 'data') });
  const { journal } = scenario;
  const faults = join(folder, 'faults');
  const filler = join(disk, 'filler');
  writeFileSync(faults, '0');
  try {
    await scenario.open();
    const id = await scenario.deploymentOf(
      scenario.release({ version: 'second', faulty: faults, comparison: COMPARISON }),
    );
    await journal.until(
      'the second step',
      PATIENCE_MS,
      () => journal.of(id).filter(({ type }) => type === 'traffic.shifted')[1],
    );
    say(`${fill(filler)} MB written: the disk is full`);
    const refused = await attempts(scenario);
    say(`${refused.clean} of ${ATTEMPTS} requests for new work were refused with 503`);
    const health = await healthOf(scenario.place.dataDir);
    say(`health: ${health.status}; disk: ${health.subsystems['disk']?.reason}`);
    const dropped = scenario.load?.dropped ?? 0;
    writeFileSync(faults, '0.5');
    const turnedAt = Date.now();
    const { status } = await scenario.end(id);
    const backAfter = Date.now() - turnedAt;
    const wentBack = status.state === 'failed' && status.rolledBack;
    say(`the canary that turned bad is ${status.state} after ${backAfter} ms; rolled back: ${wentBack}`);
    const left = fill(filler);
    rmSync(filler);
    const third = await scenario.end(await scenario.deploymentOf(scenario.release({ version: 'third' })));
    say(`with room again the next release is ${third.status.state}`);
    const { server } = scenario;
    const survived = server.running;
    server.kill();
    await server.ended();
    await scenario.restart();
    await scenario.proveAudit();
    say('after a kill it opens its store again, and the audit log proves itself');
    report('faults-disk-full', [
      { what: 'requests for new work on the full disk', unit: '', value: ATTEMPTS },
      none('of them not refused with 503', ATTEMPTS - refused.clean),
      none('canaries that turned bad then and were not taken back', wentBack ? 0 : 1),
      {
        what: 'from turning bad to the end of the rollback',
        unit: 'ms',
        value: backAfter,
        bar: { on: 'value', atMost: BACK_MS },
      },
      { what: 'of the reserve left after it', unit: 'MB', value: left },
      none(
        'requests of users that failed otherwise than the canary did',
        (scenario.load?.dropped ?? 0) - dropped,
      ),
      none('servers that ended', survived ? 0 : 1),
      none(
        'servers whose health is silent about it',
        health.subsystems['disk']?.status === 'unhealthy' ? 0 : 1,
      ),
      none('releases that did not complete with room again', third.status.state === 'completed' ? 0 : 1),
    ]);
  } finally {
    rmSync(filler, { force: true });
    await scenario.tearDown();
  }
}

/** Writes to a file until no more fits. @returns how much that was, MB */
function fill(file: string): number {
  const portion = Buffer.alloc(64 * 1024);
  const to = openSync(file, 'a');
  let written = 0;
  try {
    for (;;) written += writeSync(to, portion);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    return written / MEGABYTE;
  } finally {
    closeSync(to);
  }
}

/** Asks for deployments. @returns how many were refused as they should be */
async function attempts({ client }: Scenario): Promise<{ readonly clean: number }> {
  let clean = 0;
  for (let i = 0; i < ATTEMPTS; i++) {
    const body = { application: 'tiny', environment: 'production', version: 'first' };
    const answer: unknown = await client.post('/api/v1/deployments', body).catch((error: unknown) => error);
    if (answer instanceof SpillwayError && answer.code === 'unavailable') clean++;
    else say(`was answered: ${String(answer)} ${JSON.stringify(answer)}`);
  }
  return { clean };
}
