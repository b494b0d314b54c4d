import type { Instant } from '../../core/time.ts';
import type { ClaimedTask, ClaimLimits } from '../../ports/store.ts';
import { claimedTask } from '../rows.ts';
import type { TaskRow } from '../rows.ts';
import type { Sql } from './sql.ts';
import { endTask, holdsTask } from './tasks.ts';

const NO_LIMITS: ClaimLimits = { without: [], each: Infinity };

/** Handing tasks out and taking them back. */
export function claimsOf(sql: Sql) {
  const lastFence = () => sql.get<{ last: number }>('SELECT last FROM fence')?.last ?? 0;
  const keepFence = (last: number) => sql.run('UPDATE fence SET last = ?', last);

  return {
    claim(
      now: Instant,
      limit: number,
      limits: ClaimLimits = NO_LIMITS,
      priorities: readonly number[] = [0, 1, 2],
    ): readonly ClaimedTask[] {
      sql.run('UPDATE tasks SET state = 1 WHERE state = 0 AND run_at <= ?', now);
      const first = lastFence();
      const claimed: TaskRow[] = [];
      const left = new Map<string, number>(limits.without.map((queue) => [queue, 0]));
      const claimNext = (queue: string, priority: number): boolean => {
        const rest = left.get(queue) ?? limits.each;
        if (claimed.length >= limit || rest === 0) return false;
        const row = claimOne(sql, queue, priority, now, first + claimed.length + 1);
        if (row === undefined) return false;
        claimed.push(row);
        left.set(queue, rest - 1);
        return true;
      };
      for (const priority of priorities) {
        let waiting = dueQueues(sql, priority);
        while (waiting.length > 0) waiting = waiting.filter((queue) => claimNext(queue, priority));
      }
      if (claimed.length > 0) keepFence(first + claimed.length);
      return claimed.map(claimedTask);
    },

    finish(key: string, fence: number): boolean {
      if (!holdsTask(sql, { key, fence })) return false;
      endTask(sql, key);
      return true;
    },

    retry: (key: string, fence: number, runAt: Instant, error: string): boolean =>
      sql.run(
        'UPDATE tasks SET state = 0, fence = NULL, run_at = ?, error = ? WHERE key = ? AND state = 2 AND fence = ?',
        runAt,
        error,
        key,
        fence,
      ) === 1,

    /** Whoever claimed them is gone with the owner before this one. */
    releaseAll(): void {
      sql.run('UPDATE tasks SET state = 0, fence = NULL WHERE state = 2');
    },

    nextDue(): Instant | undefined {
      const next = sql.get<{ due: Instant | null }>(
        `SELECT min(due) AS due FROM (SELECT min(run_at) AS due FROM tasks WHERE state = 0
         UNION ALL SELECT min(run_at) FROM tasks WHERE state = 1)`,
      );
      return next?.due ?? undefined;
    },

    drawFence(): number {
      const fence = lastFence() + 1;
      keepFence(fence);
      return fence;
    },
  };
}

/** Queues with due tasks of a priority, the one first that was served longest ago. */
const dueQueues = (sql: Sql, priority: number): readonly string[] => {
  // Most claims find nothing: the look costs a tenth of the query.
  if (sql.get('SELECT 1 FROM tasks WHERE state = 1 AND priority = ? LIMIT 1', priority) === undefined)
    return [];
  return sql
    .all<{ queue: string }>(
      // One index seek a queue, however many tasks it has.
      `WITH RECURSIVE due (queue) AS (
         SELECT min(queue) FROM tasks WHERE state = 1 AND priority = ?
         UNION ALL
         SELECT (SELECT min(t.queue) FROM tasks t WHERE t.state = 1 AND t.priority = ? AND t.queue > due.queue)
         FROM due WHERE due.queue IS NOT NULL)
       SELECT due.queue FROM due LEFT JOIN queues USING (queue) WHERE due.queue IS NOT NULL
       ORDER BY coalesce(queues.served, 0), due.queue`,
      priority,
      priority,
    )
    .map((row) => row.queue);
};

function claimOne(
  sql: Sql,
  queue: string,
  priority: number,
  now: Instant,
  fence: number,
): TaskRow | undefined {
  const row = sql.get<TaskRow>(
    `UPDATE tasks SET state = 2, fence = ?, attempt = attempt + 1 WHERE id =
       (SELECT id FROM tasks WHERE state = 1 AND priority = ? AND queue = ? AND run_at <= ? ORDER BY run_at, id LIMIT 1)
     RETURNING *`,
    fence,
    priority,
    queue,
    now,
  );
  if (row)
    sql.run(
      'INSERT INTO queues VALUES (?, ?) ON CONFLICT DO UPDATE SET served = excluded.served',
      queue,
      fence,
    );
  return row;
}
