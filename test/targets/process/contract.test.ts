import { createProcessTarget } from '../../../src/targets/process/index.ts';
import { targetContract } from '../../contracts/target.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { lane, makeRig, revisionOf, serverSettings } from '../rig.ts';

targetContract('process', async () => {
  const rig = makeRig();
  return {
    target: createProcessTarget({
      dir: rig.dir,
      system: hostSystem,
      secrets: () => undefined,
      secretValues: () => [],
    }),
    lane,
    artifact: rig.artifact,
    revisions: [revisionOf('a', serverSettings()), revisionOf('b', serverSettings())],
    crashing: revisionOf('c', serverSettings('crash')),
    remove: async () => rig.remove(),
  };
});
