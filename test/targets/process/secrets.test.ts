import assert from 'node:assert/strict';
import { it } from 'node:test';
import { milliseconds } from '../../../src/core/time.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { lane, makeRig, revisionOf, serverSettings, startOf } from '../rig.ts';

const TOKEN = 's3cr3t-value';
/** The cut of a long detail falls into the secret. */
const LONG = 'x'.repeat(505);

for (const [what, before, shown] of [
  ['in full', 'no access with ', 'no access with ***'],
  ['nor the half of one at the end of a long line', LONG, `${LONG}***`],
] as const)
  it(`quotes no secret that an instance prints before it ends, ${what}`, async () => {
    const rig = makeRig();
    const target = createProcessTarget({
      dir: rig.dir,
      system: hostSystem,
      secrets: () => TOKEN,
      secretValues: () => [TOKEN],
    });
    const script = `console.error('${before}' + process.env.API); process.exit(3)`;
    const revision = revisionOf(
      'a',
      serverSettings('', { command: [process.execPath, '-e', script], env: { API: '${TOKEN}' } }),
    );
    await target.prepare(lane, revision, rig.artifact);
    await target.start(startOf(revision, 'k1', 1));
    for (let tries = 0; tries < 500; tries++) {
      const [one] = await target.observe(lane);
      if (one?.exit) break;
      await hostSystem.sleep(milliseconds(10));
    }
    const [ended] = await target.observe(lane);
    assert.equal(ended?.detail, `exited with code 3: ${shown}`);
    await target.stop(lane, ended ? [ended.id] : [], milliseconds(0));
    rig.remove();
  });
