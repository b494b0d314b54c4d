import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { milliseconds, seconds } from '../src/core/time.ts';
import { edgePaths } from '../src/edge/paths.ts';
import {
  end,
  isAlive,
  processRow,
  terminate,
  type ProcessIdentity,
  type ProcessSet,
} from '../src/exec/processes.ts';

const GRACE = seconds(5);
const sleep = (wait: number) => new Promise<void>((resolve) => setTimeout(resolve, wait));

/** Where a process that is not a child any more is written down. */
export const serverFile = (out: string) => join(out, 'server.json');

/**
 * Ends everything that a demo has left running on a folder, found by what is written there: the server first, so that it starts nothing
 * anew, then the edge and the instances, which outlive it by design.
 * @returns how many processes were ended
 */
export async function endLeftovers(out: string, data: string): Promise<number> {
  const server = readJson(serverFile(out)) as ProcessIdentity | undefined;
  const ended = await endAll(server === undefined ? [] : [server]);
  return ended + (await endAll([...edgeOf(data), ...instancesOf(data)]));
}

async function endAll(identities: readonly ProcessIdentity[]): Promise<number> {
  const sets = identities
    .filter(isAlive)
    .map((leader): ProcessSet => ({ leader, mark: `of no other`, reach: 'session' }));
  sets.forEach(terminate);
  await Promise.all(sets.map((set) => end(set, GRACE, (wait) => sleep(milliseconds(wait)))));
  return sets.length;
}

/** The edge says its pid only; that it is this folder's shows in its command line. */
function edgeOf(data: string): readonly ProcessIdentity[] {
  const folder = join(data, 'edge');
  const info = readJson(edgePaths(folder).info) as { readonly pid: number } | undefined;
  const row = info && processRow(info.pid);
  if (row === undefined || !commandOf(row.pid).includes(folder)) return [];
  return [
    {
      pid: row.pid,
      start: row.start,
      boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    },
  ];
}

const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
};

/** Each instance's shim wrote down what it has started. */
function instancesOf(data: string): readonly ProcessIdentity[] {
  if (!existsSync(data)) return [];
  return readdirSync(data, { recursive: true, encoding: 'utf8' })
    .filter((path) => /instances\/[^/]+\/pid$/.test(path))
    .flatMap((path) => {
      const record = readJson(join(data, path)) as ProcessIdentity | { readonly pid: null } | undefined;
      return record === undefined || record.pid === null ? [] : [record];
    });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
