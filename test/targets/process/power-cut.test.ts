import assert from 'node:assert/strict';
import { mkdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { milliseconds } from '../../../src/core/time.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { lane, makeRig, revisionOf, serverSettings, startOf } from '../rig.ts';

// A power cut may leave a file that was just written without its content. What ran before it runs no more.

/** One instance that has ended, its folder, and the same instance as it is observed later. */
async function endedInstance(t: TestContext) {
  const rig = makeRig();
  t.after(rig.remove);
  const target = createProcessTarget({
    dir: rig.dir,
    system: hostSystem,
    secrets: () => undefined,
    secretValues: () => [],
  });
  const revision = revisionOf('a', serverSettings('', { command: ['true'] }));
  await target.prepare(lane, revision, rig.artifact);
  await target.start(startOf(revision, 'k1', 1));
  const observed = async () => {
    const [one] = await target.observe(lane);
    return one;
  };
  while ((await observed())?.exit === null) await hostSystem.sleep(milliseconds(10));
  const folder = join(rig.dir, 'shop/production/instances', (await observed())?.id ?? '');
  return { target, revision, dir: rig.dir, folder, observed };
}

it(
  'takes an instance whose process record is damaged for one that has ended',
  { timeout: 10_000 },
  async (t) => {
    const { target, revision, folder, observed } = await endedInstance(t);
    truncateSync(join(folder, 'pid'));
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(join(folder, 'claim'), hourAgo, hourAgo);
    const one = await observed();
    assert.deepEqual([one?.alive, one?.exit === null], [false, false]);
    await target.remove(lane, [revision.digest]);
    assert.equal(await observed(), undefined);
  },
);

it('gives an end whose record is damaged one time, and keeps to it', async (t) => {
  const { folder, observed } = await endedInstance(t);
  truncateSync(join(folder, 'exit'));
  const first = await observed();
  assert.equal(first?.exit?.code, null);
  await hostSystem.sleep(milliseconds(20));
  assert.deepEqual((await observed())?.exit, first?.exit);
});

it('frees the port of an instance whose description is damaged', async (t) => {
  const { target, revision, dir, folder } = await endedInstance(t);
  truncateSync(join(folder, 'spec.json'));
  const reservation = join(dir, 'ports', '29999');
  mkdirSync(join(dir, 'ports'), { recursive: true });
  writeFileSync(reservation, folder);
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(reservation, hourAgo, hourAgo);
  await target.remove(lane, [revision.digest]);
});
