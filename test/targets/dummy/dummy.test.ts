import assert from 'node:assert/strict';
import { it } from 'node:test';
import { seconds } from '../../../src/core/time.ts';
import { createDummyTarget } from '../../../src/targets/dummy/index.ts';
import { targetContract } from '../../contracts/target.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { lane, revisionOf, startOf } from '../rig.ts';

const crashing = revisionOf('c');

targetContract('dummy', async () => ({
  target: createDummyTarget({
    system: hostSystem,
    script: (_launch, request) =>
      request.revision.digest === crashing.digest ? { crashAfter: seconds(0), crashCode: 3 } : {},
  }),
  lane,
  artifact: '/nowhere',
  revisions: [revisionOf('a'), revisionOf('b')],
  crashing,
  remove: async () => undefined,
}));

const settled = { system: { ...hostSystem, sleep: async () => undefined } };

it('fails the launch that the script names, and the same call again completes the rest', async () => {
  const target = createDummyTarget({ ...settled, script: (launch) => ({ launchFails: launch === 2 }) });
  await target.prepare(lane, crashing, '');
  await assert.rejects(target.start(startOf(crashing, 'k1', 2)), { code: 'unavailable' });
  assert.equal((await target.observe(lane)).length, 1);
  await target.start(startOf(crashing, 'k1', 2));
  assert.equal((await target.observe(lane)).length, 2);
});

it('stays ill, falls ill and dies hard as scripted', async () => {
  const behaviours = [
    { healthyAfter: 'never' as const },
    { unhealthyAfter: seconds(0) },
    { stopTakes: seconds(60) },
  ];
  const target = createDummyTarget({ ...settled, script: (launch) => behaviours[launch - 1] ?? {} });
  await target.prepare(lane, crashing, '');
  await target.start(startOf(crashing, 'k1', 3));
  const all = await target.observe(lane);
  assert.deepEqual(
    all.map((one) => one.health),
    ['starting', 'unhealthy', 'healthy'],
  );
  await target.stop(
    lane,
    all.map((one) => one.id),
    seconds(1),
  );
  assert.deepEqual(
    (await target.observe(lane)).map((one) => one.exit?.code),
    [143, 143, 137],
  );
});

it('rejects a removal before the stop, and tells what it was asked', async () => {
  const target = createDummyTarget(settled);
  await target.prepare(lane, crashing, '');
  await target.start(startOf(crashing, 'k1', 1));
  await assert.rejects(target.remove(lane, []), { code: 'conflict' });
  assert.deepEqual(
    target.calls.map((call) => call.method),
    ['prepare', 'start', 'remove'],
  );
});
