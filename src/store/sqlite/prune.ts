import type { Instant } from '../../core/time.ts';
import type { PruneBefore, PruneCounts } from '../../ports/store.ts';
import type { Sql } from './sql.ts';

/** What is old goes; its pages are used again. */
export function pruneOf(sql: Sql) {
  return {
    prune: (before: PruneBefore, limit: number): PruneCounts => ({
      series: pruneSeries(sql, before.series, limit),
      deliveries: sql.run(
        'DELETE FROM deliveries WHERE number IN (SELECT number FROM deliveries WHERE at < ? ORDER BY at LIMIT ?)',
        before.deliveries,
        limit,
      ),
      payloads: sql.run(
        `UPDATE inbox SET payload = 'null' WHERE number IN
           (SELECT number FROM inbox WHERE payload <> 'null' ORDER BY number LIMIT ?) AND received_at < ?`,
        limit,
        before.payloads,
      ),
      inbox: sql.run(
        'DELETE FROM inbox WHERE number IN (SELECT number FROM inbox ORDER BY number LIMIT ?) AND received_at < ?',
        limit,
        before.inbox,
      ),
      tasks: sql.run(
        `DELETE FROM ended_tasks WHERE key IN (
           SELECT key FROM ended_tasks AS t WHERE due < ? AND ${ended('t.deployment')} ORDER BY due LIMIT ?)`,
        before.tasks,
        before.tasks,
        limit,
      ),
    }),
  };
}

/** Goes from deployment to deployment, one index seek each: one that is live may have a million looks. */
const pruneSeries = (sql: Sql, before: Instant, limit: number): number =>
  sql.run(
    `WITH RECURSIVE looked_at (deployment) AS (
       SELECT min(deployment) FROM series
       UNION ALL
       SELECT (SELECT min(s.deployment) FROM series AS s WHERE s.deployment > looked_at.deployment)
       FROM looked_at WHERE looked_at.deployment IS NOT NULL)
     DELETE FROM series WHERE number IN (
       SELECT s.number FROM looked_at CROSS JOIN series AS s ON s.deployment = looked_at.deployment
       WHERE s.at < ? AND ${ended('looked_at.deployment')} LIMIT ?)`,
    before,
    before,
    limit,
  );

/** Whether no deployment of this id is live, or ended only after the time that is bound here. */
const ended = (id: string) =>
  `NOT EXISTS (SELECT 1 FROM deployments AS d WHERE d.id = ${id} AND (d.ended_at IS NULL OR d.ended_at >= ?))`;
