import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings } from '../../config/settings.ts';
import { SpillwayError } from '../../core/errors.ts';
import type { InstanceId } from '../../core/ids.ts';
import { minimalEnvironment, resolveEnvironment, type Secrets } from '../../exec/environment.ts';
import { entriesOf } from '../../exec/files.ts';
import { MARK } from '../../exec/processes.ts';
import type { System } from '../../ports/system.ts';
import type { StartRequest } from '../../ports/target.ts';
import { counts, exists, readInstances, roleOf, untilLaunched, type InstanceSpec } from './instance.ts';
import { instanceFiles, instanceName, keyName, releaseName, shimProgram, type LaneLayout } from './layout.ts';
import { HOST, releasePort, reservePort } from './ports.ts';
import { processSettings, type ProcessSettings } from './schema.ts';

export interface LaunchContext {
  readonly layout: LaneLayout;
  /** Folder of port reservations, common to all lanes. */
  readonly ports: string;
  readonly system: System;
  readonly secrets: Secrets;
}

/**
 * Starts what is missing of the request's count. A start that was cut short is completed under its own name, which only one
 * shim can claim; so that however often and from wherever this runs, one key never has more than its count.
 */
export async function launch(request: StartRequest, context: LaunchContext): Promise<void> {
  const { layout, system } = context;
  const settings = readSettings(processSettings, request.revision.runtime.target.settings, 'target.process');
  const release = join(layout.releases, releaseName(request.revision.digest));
  if (!(await exists(release)))
    throw new SpillwayError('conflict', 'the revision is not laid out', {
      where: release,
      hint: 'Prepare it before it is started.',
    });
  const env = resolveEnvironment(settings.env, context.secrets); // before anything is written: may refuse

  const instances = await readInstances(layout.instances, system);
  const { revision, role = 'serving' } = request;
  const present = instances.filter(
    (one) => one.spec.revision === revision.digest && roleOf(one.spec) === role && counts(one),
  );
  const unfinished = present.filter((one) => one.state.phase === 'reserved');
  const taken = new Set(present.map((one) => one.id));
  const specs = new Map<InstanceId, InstanceSpec>(unfinished.map((one) => [one.id, one.spec]));
  const names = [...(await entriesOf(layout.instances)), ...(await entriesOf(layout.crashed))];
  for (let index = 0; taken.size < request.count; index++) {
    const id = nextName(request, index, names, taken);
    if (id === undefined) continue;
    const spec = await reserve(id, request, settings, context);
    taken.add(id);
    if (spec !== undefined) specs.set(id, spec); // else another process was faster, under the same name
  }
  for (const [id, spec] of specs) await startShim({ id, spec, release, env, settings, request, layout });
  await confirm(taken, context); // those too whose starter was cut short just after it had begun
}

/** The name of the next attempt at this index; undefined while one of its attempts counts. */
function nextName(
  request: StartRequest,
  index: number,
  names: readonly string[],
  taken: ReadonlySet<InstanceId>,
): InstanceId | undefined {
  const prefix = `${keyName(request.key)}-${index}-`;
  if ([...taken].some((id) => id.startsWith(prefix))) return undefined;
  const attempts = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)));
  return instanceName(request.key, index, Math.max(0, ...attempts) + 1);
}

/** Writes down what will be started, in one step. @returns undefined when the name is taken already */
async function reserve(
  id: InstanceId,
  request: StartRequest,
  settings: ProcessSettings,
  { layout, ports, system }: LaunchContext,
): Promise<InstanceSpec | undefined> {
  const folder = join(layout.instances, id);
  const port = await reservePort(ports, folder);
  const spec: InstanceSpec = {
    revision: request.revision.digest,
    role: request.role ?? 'serving',
    deployment: request.deployment,
    port,
    startedAt: system.now(),
    mark: system.id(),
    health: settings.health,
  };
  const fresh = join(layout.temporary, system.id());
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  await writeFile(instanceFiles(fresh).spec, JSON.stringify(spec));
  await mkdir(layout.instances, { recursive: true, mode: 0o700 });
  try {
    await rename(fresh, folder);
    return spec;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    await rm(fresh, { recursive: true });
    await releasePort(ports, port);
    return undefined;
  }
}

interface Start {
  readonly id: InstanceId;
  readonly spec: InstanceSpec;
  readonly release: string;
  /** Of the settings, with the secrets in their places. */
  readonly env: Readonly<Record<string, string>>;
  readonly settings: ProcessSettings;
  readonly request: StartRequest;
  readonly layout: LaneLayout;
}

async function startShim({ id, spec, release, env, settings, request, layout }: Start): Promise<void> {
  const { version, commit } = request.revision.release;
  const shim = spawn('/bin/sh', [shimProgram(), join(layout.instances, id), ...settings.command], {
    cwd: join(release, settings.working_dir),
    detached: true,
    stdio: 'ignore',
    env: {
      ...minimalEnvironment(),
      ...env,
      HOST,
      [settings.port_env]: String(spec.port),
      SPILLWAY_VERSION: version,
      SPILLWAY_COMMIT: commit,
      SPILLWAY_REVISION: spec.revision,
      SPILLWAY_INSTANCE: id,
      [MARK]: spec.mark,
    },
  });
  shim.unref();
  try {
    await once(shim, 'spawn');
  } catch (cause) {
    throw new SpillwayError('unavailable', `the instance's shim cannot be started in ${release}`, {
      where: settings.working_dir,
      hint: 'Look whether the working directory is part of the artifact.',
      cause,
    });
  }
}

/** Waits until all run or have ended. @throws SpillwayError `unavailable` for one whose command was never reached */
async function confirm(ids: ReadonlySet<InstanceId>, { layout, system }: LaunchContext): Promise<void> {
  const launched = await Promise.all([...ids].map((id) => untilLaunched(layout.instances, id, system)));
  const failed = launched.filter((one) => one?.state.phase === 'ended' && one.state.process === null);
  if (failed.length > 0)
    throw new SpillwayError('unavailable', `${failed.length} of ${ids.size} instances came to no process`, {
      where: layout.instances,
      hint: 'The machine is overloaded or out of processes; the next start tries again.',
    });
}
