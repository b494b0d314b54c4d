// A control plane of its own for the crash tests: starts (and with `stop` ends) instances until it is killed.
import { milliseconds } from '../../../../src/core/time.ts';
import { createProcessTarget } from '../../../../src/targets/process/index.ts';
import { hostSystem } from '../../../../src/exec/system.ts';
import { lane, revisionOf, serverSettings, startOf } from '../../rig.ts';

const [dir = '', artifact = '', mode = ''] = process.argv.slice(2);
const target = createProcessTarget({
  dir,
  system: hostSystem,
  secrets: () => undefined,
  secretValues: () => [],
});
const revision = revisionOf('a', serverSettings('', { command: ['sleep', '600'] }));
process.stdout.write('ready\n');
for (;;) {
  await target.prepare(lane, revision, artifact);
  await target.start(startOf(revision, 'k1', 3));
  if (mode !== 'stop') continue;
  const all = await target.observe(lane);
  await target.stop(
    lane,
    all.map((one) => one.id),
    milliseconds(50),
  );
  await target.remove(lane, [revision.digest]);
}
