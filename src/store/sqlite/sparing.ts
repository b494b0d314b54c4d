import type { Database } from 'better-sqlite3';
import { SpillwayError } from '../../core/errors.ts';
import type { Call, Method, Outcome, RunBatch } from './batch.ts';
import type { StampedAppend } from './operations.ts';
import type { Reserve } from './reserve.ts';
import { sqlOf } from './sql.ts';

/** Calls that make the store grow. The looks of the observer are not among them: a rollback is decided on what they say. */
const GROWING: ReadonlySet<Method> = new Set<Method>([
  'append',
  'record',
  'receive',
  'finish',
  'retry',
  'recordDelivery',
  'putSetting',
  'prune',
  'sequenceAudit',
]);

/**
 * Runs calls as `run` does, but while room is short only what belongs to a rollback: what it is decided on, its beginning, its tasks and
 * their outcomes. The rest is refused at once, and leaves the room that is left to those.
 */
export function sparing(run: RunBatch, db: Database, reserve: Reserve): RunBatch {
  const sql = sqlOf(db);
  const isUrgentTask = (key: string) =>
    sql.get<{ priority: number }>('SELECT priority FROM tasks WHERE key = ?', key)?.priority === 0;

  const isUrgent = ({ method, args }: Call): boolean => {
    if (method === 'finish' || method === 'retry') return isUrgentTask(args[0] as string);
    if (method !== 'append') return false;
    const { cancel, completes, tasks } = args[0] as StampedAppend;
    const goesBack = cancel.length > 0 || tasks.some(({ priority }) => priority === 0);
    return goesBack || (completes !== null && isUrgentTask(completes.key));
  };
  const runSparingly = (call: Call): readonly Outcome[] => {
    if (call.method === 'claim') return run([urgentClaim(call)]);
    return GROWING.has(call.method) && !isUrgent(call) ? [refused(db.name)] : run([call]);
  };

  return (calls) => {
    reserve.look();
    if (reserve.spent) return calls.flatMap(runSparingly);
    const outcomes = run(calls);
    if (!outcomes.some(isFull)) return outcomes;
    reserve.spend();
    return calls.flatMap((call, index) => {
      const outcome = outcomes[index];
      return outcome === undefined || isFull(outcome) ? runSparingly(call) : [outcome];
    });
  };
}

const isFull = (outcome: Outcome): boolean =>
  !outcome.ok &&
  outcome.error instanceof Error &&
  'code' in outcome.error &&
  outcome.error.code === 'SQLITE_FULL';

/** A claim of what is most urgent alone. */
const urgentClaim = ({ method, args: [now, limit, limits] }: Call): Call => ({
  method,
  args: [now, limit, limits, [0]],
});

const refused = (path: string): Outcome => ({
  ok: false,
  error: new SpillwayError(
    'unavailable',
    'the disk is full: only rollbacks are recorded until there is room',
    {
      where: path,
      hint: 'Nothing of this call was kept. Make room on the disk; Spillway goes on by itself then.',
    },
  ),
});
