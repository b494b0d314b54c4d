import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { milliseconds, seconds } from '../../../src/core/time.ts';
import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { lane, makeRig, processesWith, revisionOf, serverSettings, startOf } from '../rig.ts';

const revision = revisionOf('a', serverSettings('', { command: ['sleep', '600'] }));
const starter = join(import.meta.dirname, 'children/starter.ts');

let rig: ReturnType<typeof makeRig>;
beforeEach(() => {
  rig = makeRig();
});
afterEach(async () => {
  const target = createProcessTarget({
    dir: rig.dir,
    system: hostSystem,
    secrets: () => undefined,
    secretValues: () => [],
  });
  const all = await target.observe(lane);
  await target.stop(
    lane,
    all.map((one) => one.id),
    seconds(0),
  );
  assert.deepEqual(running(), [], 'nothing is left behind');
  rig.remove();
});

/** Pids of the application below the rig's folder, as the kernel shows them. */
const running = () =>
  processesWith(`SPILLWAY_REVISION=${revision.digest}`).filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\0') &&
        readlinkSync(`/proc/${pid}/cwd`).startsWith(rig.root)
      );
    } catch {
      return false;
    }
  });

async function startControlPlane(mode: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [starter, rig.dir, rig.artifact, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function killAfter(child: ChildProcess, wait: number): Promise<void> {
  await hostSystem.sleep(milliseconds(wait));
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

it('never runs more than was asked for, wherever the control plane is killed and however many there are', async () => {
  for (let round = 0; round < 8; round++) {
    const both = await Promise.all([startControlPlane('start'), startControlPlane('start')]);
    await Promise.all(both.map((child, i) => killAfter(child, round * 7 + i * 5)));
    assert.ok(running().length <= 3, `round ${round}: ${running().length} run`);
  }
  const target = createProcessTarget({
    dir: rig.dir,
    system: hostSystem,
    secrets: () => undefined,
    secretValues: () => [],
  });
  await target.prepare(lane, revision, rig.artifact);
  await target.start(startOf(revision, 'k1', 3));
  assert.equal(running().length, 3);
  const all = await target.observe(lane);
  assert.equal(all.filter((one) => one.alive).length, 3, 'all are known, none is a stray');
});

it('waits for an instance that another control plane had just begun to start', async () => {
  const target = createProcessTarget({
    dir: rig.dir,
    system: hostSystem,
    secrets: () => undefined,
    secretValues: () => [],
  });
  await target.prepare(lane, revision, rig.artifact);
  await target.start(startOf(revision, 'k1', 1));
  const [first] = await target.observe(lane);
  const folder = join(rig.dir, 'shop/production/instances', first?.id ?? '');
  renameSync(join(folder, 'pid'), join(folder, 'pid.later')); // as if its shim had not come to the command yet
  const shim = hostSystem
    .sleep(milliseconds(100))
    .then(() => renameSync(join(folder, 'pid.later'), join(folder, 'pid')));
  await target.start(startOf(revision, 'k2', 1));
  const [again] = await target.observe(lane);
  await shim;
  assert.equal(again?.alive, true);
  assert.equal(running().length, 1, 'none was started beside it');
});

it('converges when it is killed while it starts, stops and removes', async () => {
  for (let round = 0; round < 8; round++) await killAfter(await startControlPlane('stop'), 20 + round * 23);
  const target = createProcessTarget({
    dir: rig.dir,
    system: hostSystem,
    secrets: () => undefined,
    secretValues: () => [],
  });
  await target.prepare(lane, revision, rig.artifact);
  await target.start(startOf(revision, 'k2', 3));
  const all = await target.observe(lane);
  const well = all.filter((one) => one.alive && !one.stopping);
  assert.equal(well.length, 3);
  await target.stop(
    lane,
    all.filter((one) => one.stopping).map((one) => one.id),
    milliseconds(50),
  );
  assert.equal(running().length, 3);
  await target.remove(lane, [revision.digest]);
  assert.equal((await target.observe(lane)).length, 3);
});
