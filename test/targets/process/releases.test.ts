import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { milliseconds } from '../../../src/core/time.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import type { Target } from '../../../src/ports/target.ts';
import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { lane, makeRig, revisionOf, serverSettings, startOf } from '../rig.ts';

let rig: ReturnType<typeof makeRig>;
let target: Target;

beforeEach(() => {
  rig = makeRig();
  const [secrets, secretValues] = [() => undefined, () => []];
  target = createProcessTarget({ dir: rig.dir, system: hostSystem, secrets, secretValues });
});
afterEach(async () => {
  const left = await target.observe(lane);
  const ids = left.map(({ id }) => id);
  await target.stop(lane, ids, milliseconds(0));
  rig.remove();
});

describe('releases', () => {
  it('are copies: neither the application nor a later change of the artifact reaches the other', async () => {
    await target.prepare(lane, revisionOf('a', serverSettings('')), rig.artifact);
    const release = join(rig.dir, 'shop/production/releases', 'a'.repeat(16));
    writeFileSync(join(release, 'server.mjs'), 'changed by the application');
    assert.match(readFileSync(join(rig.artifact, 'server.mjs'), 'utf8'), /createServer/);
    assert.equal(statSync(join(release, 'bin/tool')).mode & 0o777, 0o755);
  });

  it('stay while they are new, kept or running; `current` names the one that serves', async () => {
    const digits = ['1', '2', '3', '4', '5', '6', '7', '8'];
    const revisions = digits.map((digit) =>
      revisionOf(digit, serverSettings('', { command: ['sleep', '600'] })),
    );
    const [running, kept] = revisions;
    assert.ok(running && kept);
    for (const [i, revision] of revisions.entries()) {
      await target.prepare(lane, revision, rig.artifact);
      const release = join(rig.dir, 'shop/production/releases', revision.digest.slice(7, 23));
      utimesSync(release, 1000 + i, 1000 + i);
    }
    await target.start(startOf(running, 'k1', 1));
    await target.remove(lane, [kept.digest]);
    const names = readdirSync(join(rig.dir, 'shop/production/releases')).map((name) => name[0]);
    assert.deepEqual(new Set(names), new Set(['1', '2', '4', '5', '6', '7', '8']));
    assert.equal(readlinkSync(join(rig.dir, 'shop/production/current')), `releases/${'2'.repeat(16)}`);
    await target.remove(lane, [running.digest]);
    assert.equal(readlinkSync(join(rig.dir, 'shop/production/current')), `releases/${'1'.repeat(16)}`);
  });
});
