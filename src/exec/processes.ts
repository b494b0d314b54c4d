import { readdirSync, readFileSync } from 'node:fs';
import { SpillwayError } from '../core/errors.ts';
import { milliseconds, type Duration } from '../core/time.ts';

/** What names a process for ever: pids alone are given out again. Linux only, as everything here that reads `/proc`. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the machine was started, as `/proc/<pid>/stat` says. */
  readonly start: number;
  /** The kernel's boot id. */
  readonly boot: string;
}

interface ProcessRow {
  readonly pid: number;
  readonly start: number;
  readonly state: string;
  readonly group: number;
  readonly session: number;
}

/** Resolves after a wait; how time reaches this floor. */
export type Sleep = (wait: Duration) => Promise<void>;

/** The variable that marks everything that was started for one run or one instance. */
export const MARK = 'SPILLWAY_RUN';

export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

/** @returns undefined when there is no such process. */
export function processRow(pid: number): ProcessRow | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets, and may itself hold blanks and brackets.
  const [state = '', , group, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, state, group: Number(group), session: Number(session), start: Number(rest[15]) };
}

const ended = (row: ProcessRow) => row.state === 'Z' || row.state === 'X';

/** Whether this very process runs: a zombie does not, and neither does another process that was given its pid. */
export function isAlive(identity: ProcessIdentity): boolean {
  const row = processRow(identity.pid);
  return row?.start === identity.start && !ended(row) && bootId() === identity.boot;
}

function allProcesses(): readonly ProcessRow[] {
  let names: readonly string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? (processRow(Number(name)) ?? []) : []));
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${MARK}=${mark}\0`);
  } catch {
    return false;
  }
}

/** Processes that belong together. */
export interface ProcessSet {
  /** The first of them, leader of its session; null = only known by the mark. */
  readonly leader: Pick<ProcessIdentity, 'pid' | 'start'> | null;
  /** The value of `MARK` in their environment. */
  readonly mark: string;
  /**
   * `session`: the leader's group and session. `anywhere`: also what has left the session (a daemon), found by the mark;
   * right for a command that shall leave nothing, wrong for an instance that started a daemon which others share.
   */
  readonly reach: 'session' | 'anywhere';
}

/**
 * Those of the set that run. A session's number is not given out again while one of its processes runs, but after that it
 * may be: without its leader a session counts only for what carries the mark.
 */
function survivorsOf({ leader, mark, reach }: ProcessSet): readonly ProcessRow[] {
  const first = leader ? processRow(leader.pid) : undefined;
  const inSession = (row: ProcessRow): boolean => {
    if (!leader || (row.group !== leader.pid && row.session !== leader.pid)) return false;
    return first ? first.start === leader.start : isMarked(row.pid, mark);
  };
  return allProcesses().filter(
    (row) =>
      row.pid !== process.pid &&
      !ended(row) &&
      (inSession(row) || (reach === 'anywhere' && isMarked(row.pid, mark))),
  );
}

/** Signals a process unless its pid has meanwhile become another's. */
function signal(row: ProcessRow, name: NodeJS.Signals): void {
  if (processRow(row.pid)?.start !== row.start) return;
  try {
    process.kill(row.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Asks all of the set to end. */
export const terminate = (set: ProcessSet): void => survivorsOf(set).forEach((row) => signal(row, 'SIGTERM'));

/** Waits until none of the set runs. @returns false when some still do after `limit` */
async function haveEnded(set: ProcessSet, limit: Duration, sleep: Sleep): Promise<boolean> {
  let waited = 0;
  for (let wait = 5; ; wait = Math.min(wait * 1.5, 100)) {
    if (survivorsOf(set).length === 0) return true;
    if (waited >= limit) return false;
    const next = milliseconds(Math.min(wait, limit - waited));
    await sleep(next);
    waited += next;
  }
}

/** Long enough for the kernel to end what hangs in input or output. */
const KILL_ROUNDS = 100;

/**
 * Waits `grace` for all of the set to end, then ends it with SIGKILL, over and over as long as something forks.
 * @throws SpillwayError `timeout` when something cannot be ended
 */
export async function end(set: ProcessSet, grace: Duration, sleep: Sleep): Promise<void> {
  if (await haveEnded(set, grace, sleep)) return;
  for (let round = 0; round < KILL_ROUNDS; round++) {
    survivorsOf(set).forEach((row) => signal(row, 'SIGKILL'));
    if (await haveEnded(set, milliseconds(100), sleep)) return;
  }
  const left = survivorsOf(set).map((row) => row.pid);
  throw new SpillwayError('timeout', `processes ${left.join(', ')} do not end on SIGKILL`, {
    hint: 'They hang in the kernel (state D): look at the disk or network mount that they use.',
  });
}
