import { mkdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { RevisionDigest } from '../../core/ids.ts';
import { milliseconds } from '../../core/time.ts';
import { entriesOf, missing, removeFolder } from '../../exec/files.ts';
import { end } from '../../exec/processes.ts';
import type { System } from '../../ports/system.ts';
import { exists, processesOf, readInstances, type Instance } from './instance.ts';
import { releaseName, type LaneLayout } from './layout.ts';
import { releasePort } from './ports.ts';

const KEPT_RELEASES = 5;
const KEPT_CRASHES = 10;

/** What `remove` of the port does, apart from reservations of ports that no instance has. */
export async function clean(
  layout: LaneLayout,
  ports: string,
  keep: readonly RevisionDigest[],
  system: System,
): Promise<void> {
  await rm(layout.temporary, { recursive: true, force: true });
  const instances = await readInstances(layout.instances, system);
  for (const instance of instances)
    if (instance.state.phase === 'ended') await removeInstance(layout, ports, instance, system);
  for (const name of (await byAge(layout.crashed)).slice(KEPT_CRASHES))
    await rm(join(layout.crashed, name), { recursive: true, force: true });

  if (keep[0] !== undefined) await pointTo(layout, keep[0], system);
  const inUse = instances.filter((one) => one.state.phase !== 'ended').map((one) => one.spec.revision);
  const kept = new Set([...keep, ...inUse].map(releaseName));
  for (const name of (await byAge(layout.releases)).slice(KEPT_RELEASES))
    if (!kept.has(name)) await removeFolder(join(layout.releases, name), await trash(layout, system));
}

/** Names in a folder, the newest first. */
async function byAge(folder: string): Promise<readonly string[]> {
  const dated = await Promise.all(
    (await entriesOf(folder)).map(async (name) => ({
      name,
      at: (await stat(join(folder, name)).catch(missing))?.mtimeMs ?? 0,
    })),
  );
  return dated.toSorted((a, b) => b.at - a.at || (a.name < b.name ? -1 : 1)).map(({ name }) => name);
}

async function trash(layout: LaneLayout, system: System): Promise<string> {
  await mkdir(layout.temporary, { recursive: true, mode: 0o700 });
  return join(layout.temporary, system.id());
}

/** Also ends what a crashed instance has left running. Of one that ended unasked, the folder is kept apart for its output. */
async function removeInstance(
  layout: LaneLayout,
  ports: string,
  { folder, id, spec, state, stopping }: Instance,
  system: System,
): Promise<void> {
  if (state.phase !== 'ended') return;
  if (state.process)
    await end(processesOf(spec, state.process), milliseconds(0), (wait) => system.sleep(wait));
  await releasePort(ports, spec.port);
  if (stopping) return await removeFolder(folder, await trash(layout, system));
  await mkdir(layout.crashed, { recursive: true, mode: 0o700 });
  await rename(folder, join(layout.crashed, id));
}

/** Points `current` at a revision in one step. */
async function pointTo(layout: LaneLayout, revision: RevisionDigest, system: System): Promise<void> {
  const release = join(layout.releases, releaseName(revision));
  const path = relative(layout.root, release);
  if (!(await exists(release)) || (await readlink(layout.current).catch(missing)) === path) return;
  const fresh = await trash(layout, system);
  await symlink(path, fresh);
  await rename(fresh, layout.current);
}
