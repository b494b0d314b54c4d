import type { DeploymentId } from '../../core/ids.ts';
import type { LaneAppend, NewTask } from '../../ports/store.ts';
import type { Sql } from './sql.ts';

/** Whether this claim still holds its task; no claim at all is no objection. */
export const holdsTask = (sql: Sql, claim: LaneAppend['completes']): boolean =>
  claim === null ||
  sql.get('SELECT 1 FROM tasks WHERE key = ? AND state = 2 AND fence = ?', claim.key, claim.fence) !==
    undefined;

/** Queues tasks; one whose key was ever used is left out. */
export function queueTasks(sql: Sql, tasks: readonly NewTask[]): void {
  for (const task of tasks)
    sql.run(
      `INSERT INTO tasks (key, kind, application, environment, deployment, payload, run_at, queue, priority)
       SELECT ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM ended_tasks WHERE key = ?)
       ON CONFLICT (key) DO NOTHING`,
      task.key,
      task.kind,
      task.lane?.application ?? null,
      task.lane?.environment ?? null,
      task.deployment,
      JSON.stringify(task.payload),
      task.runAt,
      task.queue,
      task.priority,
      task.key,
    );
}

export function endTask(sql: Sql, key: string): void {
  sql.run('INSERT INTO ended_tasks SELECT key, deployment, run_at FROM tasks WHERE key = ?', key);
  sql.run('DELETE FROM tasks WHERE key = ?', key);
}

/** Ends every open task of these deployments, claimed ones included: their late outcomes find nothing. */
export function cancelTasks(sql: Sql, deployments: readonly DeploymentId[]): void {
  for (const deployment of deployments) {
    sql.run(
      'INSERT INTO ended_tasks SELECT key, deployment, run_at FROM tasks WHERE deployment = ?',
      deployment,
    );
    sql.run('DELETE FROM tasks WHERE deployment = ?', deployment);
  }
}
