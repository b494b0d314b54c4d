import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { SpillwayError } from '../../core/errors.ts';
import { routeOf, type LaneId } from '../../core/ids.ts';
import type { Secrets } from '../../exec/environment.ts';
import { copyTree, installFolder } from '../../exec/files.ts';
import { maskText } from '../../exec/mask.ts';
import { createMutex } from '../../exec/mutex.ts';
import type { System } from '../../ports/system.ts';
import type { InstanceHealth, ObservedInstance, Target } from '../../ports/target.ts';
import { clean } from './clean.ts';
import { probe } from './health.ts';
import { exists, readInstances, roleOf, type Instance } from './instance.ts';
import { launch } from './launch.ts';
import { instanceFiles, instanceFolder, laneLayout, releaseName } from './layout.ts';
import { createRotation, lastLines, lastWords } from './logs.ts';
import { HOST, releaseOrphans } from './ports.ts';
import { stopInstance } from './stop.ts';

export interface ProcessTargetOptions {
  /** Folder for releases, instances and ports; one target owns it at a time. */
  readonly dir: string;
  readonly system: System;
  readonly secrets: Secrets;
  /** Every value that must not be seen where output is quoted. */
  readonly secretValues: () => readonly string[];
}

/**
 * Runs instances as processes of this machine. Everything is read from disk and from `/proc` at every call: a new target on
 * the same folder has adopted all that runs.
 * @throws SpillwayError `not_built` where there is no `/proc`
 */
export function createProcessTarget({ dir, system, secrets, secretValues }: ProcessTargetOptions): Target {
  if (process.platform !== 'linux')
    throw new SpillwayError('not_built', `the process target does not run on ${process.platform} yet`, {
      where: 'target.type: process',
      hint: 'Run Spillway on Linux.',
    });
  const ports = join(dir, 'ports');
  const mutex = createMutex();
  const looking: Looking = { rotate: createRotation(), secretValues };
  /** What changes a lane's folders runs one at a time; looking and stopping do not wait for it. */
  const exclusively = <T>(lane: LaneId, work: () => Promise<T>): Promise<T> => mutex(routeOf(lane), work);

  return {
    capabilities: { sideBySide: true },

    observe: async (lane) => {
      const instances = await readInstances(laneLayout(dir, lane).instances, system);
      return await Promise.all(instances.map((instance) => observe(instance, looking)));
    },

    prepare: (lane, revision, artifact) =>
      exclusively(lane, async () => {
        const layout = laneLayout(dir, lane);
        const release = join(layout.releases, releaseName(revision.digest));
        if (!(await exists(release))) {
          const fresh = join(layout.temporary, system.id());
          await mkdir(layout.releases, { recursive: true });
          await copyTree(artifact, fresh);
          await installFolder(fresh, release);
        }
        const now = system.now() / 1000;
        await utimes(release, now, now); // age is counted from here
      }),

    start: (request) =>
      exclusively(request.lane, () =>
        launch(request, { layout: laneLayout(dir, request.lane), ports, system, secrets }),
      ),

    stop: async (lane, instances, grace) => {
      const layout = laneLayout(dir, lane);
      const results = await Promise.allSettled(
        instances.map((id) => stopInstance(layout, id, grace, system)),
      );
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },

    remove: (lane, keep) =>
      exclusively(lane, async () => {
        await clean(laneLayout(dir, lane), ports, keep, system);
        await releaseOrphans(ports, system.now());
      }),

    logs: async (lane, id, lines) => {
      const { instances, crashed } = laneLayout(dir, lane);
      for (const parent of [instances, crashed]) {
        const folder = instanceFolder(parent, id);
        if (await exists(folder)) return await lastLines(folder, lines);
      }
      throw new SpillwayError('not_found', `there is no instance ${id}`, { where: routeOf(lane) });
    },
  };
}

/** What a look at an instance needs beside the instance. */
interface Looking extends Pick<ProcessTargetOptions, 'secretValues'> {
  readonly rotate: (folder: string) => Promise<void>;
}

async function observe(
  { id, folder, spec, state, stopping }: Instance,
  { rotate, secretValues }: Looking,
): Promise<ObservedInstance> {
  await rotate(folder);
  const known = {
    id,
    revision: spec.revision,
    role: roleOf(spec),
    endpoint: { instance: id, host: HOST, port: spec.port },
    startedAt: spec.startedAt,
    stopping,
  };
  if (state.phase === 'ended')
    return {
      ...known,
      alive: false,
      health: 'unhealthy',
      detail: maskText(await describeEnd(folder, state), secretValues()).slice(0, LONGEST_DETAIL),
      exit: state.exit,
    };
  if (state.phase !== 'running')
    return { ...known, alive: false, health: 'starting', detail: 'is being launched', exit: null };
  const { health, detail } = await check(folder, spec);
  return { ...known, alive: true, health, detail, exit: null };
}

async function check(
  folder: string,
  spec: Instance['spec'],
): Promise<{ readonly health: InstanceHealth; readonly detail: string }> {
  const { healthy } = instanceFiles(folder);
  const wasHealthy = await exists(healthy);
  const why = await probe(spec);
  if (why === null) {
    if (!wasHealthy) await writeFile(healthy, '');
    return { health: 'healthy', detail: '' };
  }
  return { health: wasHealthy ? 'unhealthy' : 'starting', detail: why };
}

/** Lines of output in which the reason of an end is looked for: a stack may follow it. */
const LAST_WORDS = 40;
/** Of it, for people; cut when its secrets are masked, so that no half of one is left. */
const LONGEST_DETAIL = 540;

async function describeEnd(
  folder: string,
  { process, exit }: Extract<Instance['state'], { phase: 'ended' }>,
): Promise<string> {
  if (process === null) return 'was never launched';
  const words = lastWords(await lastLines(folder, LAST_WORDS));
  return `${describeCode(exit.code)}${words === '' ? '' : `: ${words}`}`;
}

function describeCode(code: number | null): string {
  if (code === null) return 'vanished without a record of its end';
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === code - 128) ?? [];
  return signal ? `exited with code ${code} (${signal})` : `exited with code ${code}`;
}
