import { writeFile } from 'node:fs/promises';
import type { InstanceId } from '../../core/ids.ts';
import { milliseconds, type Duration } from '../../core/time.ts';
import { end, terminate } from '../../exec/processes.ts';
import type { System } from '../../ports/system.ts';
import { callOff, exists, processesOf, readInstance } from './instance.ts';
import { instanceFiles, type LaneLayout } from './layout.ts';

/** Ends an instance with everything in its session, and returns when that is done; nothing happens when it is not there. */
export async function stopInstance(
  layout: LaneLayout,
  id: InstanceId,
  grace: Duration,
  system: System,
): Promise<void> {
  const known = await readInstance(layout.instances, id, system);
  if (!known) return;
  const files = instanceFiles(known.folder);
  if (known.state.phase !== 'ended') await writeFile(files.stopping, '');
  await callOff(known.folder, system); // no effect once there is a process
  const { state } = (await readInstance(layout.instances, id, system)) ?? known;
  if (!('process' in state) || state.process === null) return;

  const set = processesOf(known.spec, state.process);
  const asks = state.phase === 'running' && !(await exists(files.terminated));
  if (asks) {
    terminate(set); // once: many programs take a second SIGTERM for impatience
    await writeFile(files.terminated, '');
  }
  await end(set, state.phase === 'running' ? grace : milliseconds(0), (wait) => system.sleep(wait));
  await readInstance(layout.instances, id, system); // waits for the record of its end
}
