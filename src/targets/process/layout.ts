import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SpillwayError } from '../../core/errors.ts';
import type { EffectKey, InstanceId, LaneId, RevisionDigest } from '../../core/ids.ts';
import { instanceId } from '../../core/ids.ts';
import { fileName } from '../../exec/files.ts';

/** The shim beside this file; a published build ships it at the same place. */
export const shimProgram = () => fileURLToPath(new URL('./shim.sh', import.meta.url));

/** The folders of one lane. */
export interface LaneLayout {
  readonly root: string;
  readonly releases: string;
  /** Symbolic link to the release that serves. */
  readonly current: string;
  readonly instances: string;
  /** What is kept of crashed instances after they were removed. */
  readonly crashed: string;
  /** Beside the above, so that a rename stays on one file system. */
  readonly temporary: string;
}

/** @param dir the target's folder. @throws SpillwayError `config_invalid` for names that are no file names */
export function laneLayout(dir: string, lane: LaneId): LaneLayout {
  const root = join(dir, fileName(lane.application), fileName(lane.environment));
  return {
    root,
    releases: join(root, 'releases'),
    current: join(root, 'current'),
    instances: join(root, 'instances'),
    crashed: join(root, 'crashed'),
    temporary: join(root, 'temporary'),
  };
}

/** The name of a revision's folder below `releases`. */
export function releaseName(revision: RevisionDigest): string {
  return fileName(revision.replace(/^sha256:/, '').slice(0, 16));
}

/** `<key>-<index>-<attempt>`: the effect that started it, which of its instances, and which try. */
export const instanceName = (key: EffectKey, index: number, attempt: number): InstanceId =>
  instanceId(`${keyName(key)}-${index}-${attempt}`);

/** How an effect key is written in instance names. */
export const keyName = (key: EffectKey) => createHash('sha256').update(key).digest('hex').slice(0, 12);

const INSTANCE = /^[0-9a-f]{12}-\d+-\d+$/;

export const isInstanceName = (name: string) => INSTANCE.test(name);

/** @throws SpillwayError `not_found` for what no instance can be called (ids come from outside too) */
export function instanceFolder(parent: string, id: InstanceId): string {
  if (isInstanceName(id)) return join(parent, id);
  throw new SpillwayError('not_found', `there is no instance ${JSON.stringify(id)}`);
}

/** The files of an instance's folder. `claim`, `pid`, `exit` and `log` are the shim's. */
export const instanceFiles = (folder: string) => ({
  spec: join(folder, 'spec.json'),
  claim: join(folder, 'claim'),
  pid: join(folder, 'pid'),
  exit: join(folder, 'exit'),
  log: join(folder, 'out.log'),
  oldLog: join(folder, 'out.log.1'),
  /** There once a health check has succeeded. */
  healthy: join(folder, 'healthy'),
  /** There once a stop was asked for. */
  stopping: join(folder, 'stopping'),
  /** There once SIGTERM was sent. */
  terminated: join(folder, 'terminated'),
});
