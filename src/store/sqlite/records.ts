import type { DeploymentId } from '../../core/ids.ts';
import type { Json } from '../../core/json.ts';
import type { Instant } from '../../core/time.ts';
import type { DeliveryRecord, InboxItem, InboxResult, SeriesRow } from '../../ports/store.ts';
import type { Sql } from './sql.ts';

/** Keeps an item under `id`, unless it is there already. */
export function insertItem(sql: Sql, item: InboxItem, id: string): InboxResult {
  const added = sql.run(
    `INSERT INTO inbox (id, source, delivery_id, body_hash, received_at, payload) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO NOTHING`,
    id,
    item.source,
    item.deliveryId,
    item.bodyHash,
    item.receivedAt,
    JSON.stringify(item.payload),
  );
  if (added === 1) return { duplicate: false, id };
  const first = sql.get<{ id: string }>(
    `SELECT id FROM inbox WHERE source = ? AND delivery_id = ?
     UNION ALL SELECT id FROM inbox WHERE source = ? AND body_hash = ? AND body_hash <> '' LIMIT 1`,
    item.source,
    item.deliveryId,
    item.source,
    item.bodyHash,
  );
  return { duplicate: true, of: first?.id ?? '' };
}

/** `number`: the order in which they were kept. */
export interface KeptLook extends SeriesRow {
  readonly number: number;
}

/** Looks of the observer. */
export function seriesOf(sql: Sql) {
  return {
    appendSeries(rows: readonly SeriesRow[]): void {
      for (const row of rows)
        sql.run(
          'INSERT INTO series (deployment, at, payload) VALUES (?, ?, ?)',
          row.deployment,
          row.at,
          JSON.stringify(row.payload),
        );
    },

    /** A page, after the row given; all of them when no limit is. */
    series: (deployment: DeploymentId, after: KeptLook | null = null, limit = -1): readonly KeptLook[] =>
      sql
        .all<{ number: number; at: number; payload: string }>(
          `SELECT number, at, payload FROM series WHERE deployment = ? AND (at, number) > (?, ?)
           ORDER BY at, number LIMIT ?`,
          deployment,
          after?.at ?? -Infinity,
          after?.number ?? 0,
          limit,
        )
        .map(({ number, at, payload }) => ({
          number,
          deployment,
          at: at as Instant,
          payload: JSON.parse(payload) as Json,
        })),
  };
}

interface DeliveryRow {
  readonly key: string;
  readonly channel: string;
  readonly attempt: number;
  readonly delivered: number;
  readonly answer: string;
  readonly latency_ms: number;
  readonly at: number;
}

const deliveryRecord = ({ latency_ms, at, delivered, ...row }: DeliveryRow): DeliveryRecord => ({
  ...row,
  delivered: delivered === 1,
  latencyMs: latency_ms,
  at: at as Instant,
});

/** Attempts to bring a message to a channel. */
export function deliveriesOf(sql: Sql) {
  return {
    recordDelivery(delivery: DeliveryRecord): void {
      sql.run(
        `INSERT INTO deliveries (key, channel, attempt, delivered, answer, latency_ms, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        delivery.key,
        delivery.channel,
        delivery.attempt,
        delivery.delivered ? 1 : 0,
        delivery.answer,
        delivery.latencyMs,
        delivery.at,
      );
    },

    deliveries: (query: {
      readonly limit: number;
      readonly undeliveredOnly: boolean;
    }): readonly DeliveryRecord[] =>
      sql
        .all<DeliveryRow>(
          `SELECT key, channel, attempt, delivered, answer, latency_ms, at FROM deliveries AS d
           ${query.undeliveredOnly ? LAST_FAILED : ''} ORDER BY number DESC LIMIT ?`,
          query.limit,
        )
        .map(deliveryRecord),
  };
}

const LAST_FAILED = `WHERE delivered = 0 AND NOT EXISTS (
  SELECT 1 FROM deliveries AS later WHERE later.key = d.key AND later.channel = d.channel AND later.number > d.number)`;

/** Small values by name. */
export function settingsOf(sql: Sql) {
  return {
    setting: (name: string): string | undefined =>
      sql.get<{ value: string }>('SELECT value FROM settings WHERE name = ?', name)?.value,

    putSetting(name: string, value: string): void {
      sql.run(
        'INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
        name,
        value,
      );
    },
  };
}
