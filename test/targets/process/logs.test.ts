import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { milliseconds } from '../../../src/core/time.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { lane, makeRig, revisionOf, serverSettings, startOf } from '../rig.ts';

const LONG = 10_500_000;

it('cuts a long output once, however many look at the instance at the same time', async () => {
  const rig = makeRig();
  const target = createProcessTarget({
    dir: rig.dir,
    system: hostSystem,
    secrets: () => undefined,
    secretValues: () => [],
  });
  const revision = revisionOf('a', serverSettings('', { command: ['true'] }));
  await target.prepare(lane, revision, rig.artifact);
  await target.start(startOf(revision, 'k1', 1));
  const [instance] = await target.observe(lane);
  const folder = join(rig.dir, 'shop/production/instances', instance?.id ?? '');
  writeFileSync(join(folder, 'out.log'), Buffer.alloc(LONG, 'x\n'));
  const look = async (after: number) => {
    await hostSystem.sleep(milliseconds(after));
    return target.observe(lane);
  };
  await Promise.all([0, 0, 1, 2, 3, 4, 5, 6, 7].map(look));
  assert.deepEqual(
    ['out.log', 'out.log.1'].map((name) => statSync(join(folder, name)).size),
    [0, LONG],
  );
  rig.remove();
});
