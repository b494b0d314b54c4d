import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { DeploymentId, InstanceId, RevisionDigest } from '../../core/ids.ts';
import { instanceId } from '../../core/ids.ts';
import { elapsed, instant, milliseconds, type Instant } from '../../core/time.ts';
import { entriesOf, missing } from '../../exec/files.ts';
import { isAlive, processRow, type ProcessIdentity, type ProcessSet } from '../../exec/processes.ts';
import type { System } from '../../ports/system.ts';
import type { Role } from '../../ports/target.ts';
import { instanceFiles, instanceFolder, isInstanceName } from './layout.ts';
import type { ProcessSettings } from './schema.ts';

/** What an instance was started as. No secret is in it. */
export interface InstanceSpec {
  readonly revision: RevisionDigest;
  /** `serving` where it is not written down. */
  readonly role?: Role;
  readonly deployment: DeploymentId;
  readonly port: number;
  readonly startedAt: Instant;
  /** The value of the mark in the environment of all its processes. */
  readonly mark: string;
  readonly health: ProcessSettings['health'];
}

/** How far an instance is, as its folder and the kernel tell. */
export type InstanceState =
  /** `claimed`: the shim runs, and the command will in a moment. */
  | { readonly phase: 'reserved' | 'claimed' }
  | { readonly phase: 'running'; readonly process: ProcessIdentity }
  | {
      readonly phase: 'ended';
      /** null = the command never ran. */
      readonly process: ProcessIdentity | null;
      readonly exit: { readonly code: number | null; readonly at: Instant };
    };

export interface Instance {
  readonly id: InstanceId;
  readonly folder: string;
  readonly spec: InstanceSpec;
  readonly state: InstanceState;
  readonly stopping: boolean;
}

/** A start that has not come to a process after this long has failed. */
const CLAIM_LIMIT = milliseconds(5000);
/** How long the shim may take from the command's end to the record of it. */
const EXIT_LIMIT = milliseconds(1000);
const POLL = milliseconds(5);

export const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(missing)) !== undefined;

/** @returns undefined for a file that is not there, null for one that a power cut left without its content */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(missing);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return null;
  }
}

/** Every instance of a lane, by name. */
export async function readInstances(parent: string, system: System): Promise<readonly Instance[]> {
  const names = (await entriesOf(parent)).filter(isInstanceName).toSorted();
  const read = await Promise.all(names.map((name) => readInstance(parent, instanceId(name), system)));
  return read.filter((instance) => instance !== undefined);
}

/** @returns undefined when there is none of that name (any more). */
export async function readInstance(
  parent: string,
  id: InstanceId,
  system: System,
): Promise<Instance | undefined> {
  const folder = instanceFolder(parent, id);
  const files = instanceFiles(folder);
  const spec = (await readJson(files.spec)) as InstanceSpec | null | undefined;
  if (!spec) return undefined;
  const state = await readState(folder, spec, system).catch(missing); // it may be removed at any moment
  return state && { id, folder, spec, state, stopping: await exists(files.stopping) };
}

async function readState(folder: string, spec: InstanceSpec, system: System): Promise<InstanceState> {
  const files = instanceFiles(folder);
  const record = (await readJson(files.pid)) as PidRecord | null | undefined;
  if (record === undefined) {
    const claim = await stat(files.claim).catch(missing);
    const since = claim ? instant(claim.mtimeMs) : spec.startedAt;
    if (elapsed(since, system.now()) < CLAIM_LIMIT) return { phase: claim ? 'claimed' : 'reserved' };
    await callOff(folder, system);
    return await readState(folder, spec, system);
  }
  if (record === null || record.pid === null) {
    const { at } = await exitOf(folder, system); // a code would be that of a shim which came too late
    return { phase: 'ended', process: null, exit: { code: null, at } };
  }
  if (isAlive(record)) return { phase: 'running', process: record };
  await untilRecorded(folder, record, system);
  return { phase: 'ended', process: record, exit: await exitOf(folder, system) };
}

/** As the shim writes it; `pid` null where a start was called off. */
type PidRecord = (ProcessIdentity & { readonly shim: number }) | { readonly pid: null };

/**
 * Makes sure that a start which has not come to a process never will: whoever writes `pid` first, the shim or this, wins.
 */
export const callOff = (folder: string, system: System): Promise<void> =>
  create(instanceFiles(folder).pid, { pid: null }, system);

/** Writes a file as a whole unless it is there. */
async function create(path: string, content: unknown, system: System): Promise<void> {
  const fresh = `${path}.${system.id()}`;
  await writeFile(fresh, JSON.stringify(content));
  await link(fresh, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(fresh);
}

/** The record of the end; one of an unknown end is written where the shim left none, so that its time stays the same. */
async function exitOf(folder: string, system: System): Promise<{ code: number | null; at: Instant }> {
  const { exit } = instanceFiles(folder);
  const recorded = (await readJson(exit)) as { code: number | null; at: Instant } | null | undefined;
  if (recorded) return recorded;
  if (recorded === null) await rm(exit, { force: true });
  const unknown = { code: null, at: system.now() };
  await create(exit, unknown, system);
  return unknown;
}

/** Between the command's end and the shim's record of it there is a moment; not waiting for it would lose the exit code. */
async function untilRecorded(
  folder: string,
  record: ProcessIdentity & { readonly shim: number },
  system: System,
): Promise<void> {
  const { exit } = instanceFiles(folder);
  const until = system.monotonic() + EXIT_LIMIT;
  const shimRuns = () => {
    const shim = processRow(record.shim);
    return shim !== undefined && shim.state !== 'Z' && shim.start <= record.start;
  };
  while (!(await exists(exit)) && shimRuns() && system.monotonic() < until) await system.sleep(POLL);
}

/** The processes of an instance. */
export const processesOf = (spec: InstanceSpec, leader: ProcessIdentity): ProcessSet => ({
  leader,
  mark: spec.mark,
  reach: 'session',
});

/** Resolves once the command runs or never will, at the latest when the start counts as failed. */
export async function untilLaunched(
  parent: string,
  id: InstanceId,
  system: System,
): Promise<Instance | undefined> {
  const until = system.monotonic() + CLAIM_LIMIT + 1000;
  for (;;) {
    const instance = await readInstance(parent, id, system);
    const phase = instance?.state.phase;
    const waits = phase === 'reserved' || phase === 'claimed';
    if (!waits || system.monotonic() > until) return instance;
    await system.sleep(POLL);
  }
}

export const roleOf = ({ role = 'serving' }: InstanceSpec): Role => role;

/** Whether an instance runs or is about to, and shall. */
export const counts = (instance: Instance): boolean => instance.state.phase !== 'ended' && !instance.stopping;
