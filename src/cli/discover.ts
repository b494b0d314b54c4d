import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SpillwayError } from '../core/errors.ts';
import type { Io } from './io.ts';

const FOLDER = '.spillway';

export const socketIn = (dataDir: string): string => join(dataDir, 'spillway.sock');
/** Of one of several servers that share the folder. */
export const replicaSocketIn = (dataDir: string, pid: number): string =>
  join(dataDir, `spillway.${pid}.sock`);

/** Where a server of the folder may listen: its own socket, then those of replicas. */
export function socketsIn(dataDir: string): readonly string[] {
  const names = existsSync(dataDir) ? readdirSync(dataDir) : [];
  const replicas = names.filter((name) => REPLICA_SOCKET.test(name));
  return [socketIn(dataDir), ...replicas.map((name) => join(dataDir, name))];
}

const REPLICA_SOCKET = /^spillway\.\d+\.sock$/;

export const edgeIn = (dataDir: string): string => join(dataDir, 'edge');

/** The data folder that is named: by `--data`, else by SPILLWAY_DATA. */
export function namedDataDir(
  { env, cwd }: Pick<Io, 'env' | 'cwd'>,
  flag: string | undefined,
): string | undefined {
  const named = flag ?? (env['SPILLWAY_DATA'] || undefined);
  return named === undefined ? undefined : resolve(cwd, named);
}

/**
 * The data folder of the server that a command means: the one that is named, else `.spillway` here or in a folder above.
 * @throws SpillwayError `unavailable` when there is none
 */
export function findDataDir(io: Pick<Io, 'env' | 'cwd'>, flag: string | undefined): string {
  const named = namedDataDir(io, flag);
  if (named !== undefined) return named;
  for (let folder = resolve(io.cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, FOLDER);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) break;
  }
  throw new SpillwayError('unavailable', 'no Spillway server was ever started here', {
    where: `${io.cwd} and the folders above it have no ${FOLDER}`,
    hint: 'Start one: spillway up; or name the folder of one: --data DIR or SPILLWAY_DATA',
  });
}

/** Where `up` keeps its data when nothing is said: beside the configuration. */
export const defaultDataDir = (dir: string): string => join(dir, FOLDER);
