import type { Client } from 'pg';
import { SpillwayError } from '../../core/errors.ts';
import type { Cell, Column, Row, RowSink, RowSource, Table } from '../transfer.ts';
import { addressOf, connect } from './connection.ts';
import type { Address } from './connection.ts';
import { formOf, prepareDatabase } from './database.ts';
import { openingError, storeError } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';
import { REPLICA_LOCK, SCHEMA } from './names.ts';

const PAGE = 500;
const CONNECT_MS = 5000;

/** Does something on a connection of its own. @throws SpillwayError as `prepareDatabase` */
async function connected<Value>(url: string, work: (client: Client, address: Address) => Promise<Value>) {
  const address = addressOf(url, CONNECT_MS);
  let client: Client | undefined;
  try {
    client = await connect(address, {}, () => {});
    return await work(client, address);
  } catch (error) {
    await client?.end();
    throw openingError(error, address.where);
  }
}

/**
 * The rows of a database, all as they are now.
 * @param still whether no replica may run, now and until it is closed
 * @throws SpillwayError `conflict` when one does; `not_found` where there is no store; as `openPostgresStore`
 */
export const readPostgres = (url: string, still = false): Promise<RowSource> =>
  connected(url, async (client, { where }) => {
    const form = await formOf(client, where);
    if (form === 0) throw new SpillwayError('not_found', 'there is no store in this database', { where });
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    if (still) await keepOut(client, where);
    return {
      where,
      form,
      newestForm: MIGRATIONS.length,
      async *rows(table) {
        try {
          await client.query(`DECLARE reading NO SCROLL CURSOR FOR ${selectOf(table)}`);
          for (;;) {
            const { rows } = await client.query<Cell[]>({
              text: `FETCH ${PAGE} FROM reading`,
              rowMode: 'array',
            });
            if (rows.length === 0) break;
            yield rows;
          }
        } catch (error) {
          throw storeError(error, where);
        } finally {
          await client.query('CLOSE reading').catch(() => undefined);
        }
      },
      async count(table) {
        const { rows } = await client.query<{ n: number }>(
          `SELECT count(*) AS n FROM (${selectOf(table)}) AS rows`,
        );
        return rows[0]?.n ?? 0;
      },
      close: () => client.end(),
    };
  });

/** Refuses while a replica lives, and lets none come until the transaction ends. */
async function keepOut(client: Client, where: string): Promise<void> {
  await client.query('LOCK TABLE replicas IN SHARE ROW EXCLUSIVE MODE');
  const { rowCount } = await client.query(
    `SELECT FROM replicas AS r WHERE r.lease_until > clock_timestamp() AND EXISTS (
       SELECT FROM pg_locks AS l
       WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ${REPLICA_LOCK} AND l.objid = r.id::oid
         AND l.objsubid = 2 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))`,
  );
  if (rowCount === 0) return;
  throw new SpillwayError(
    'conflict',
    `${rowCount === 1 ? 'a server runs' : `${rowCount} servers run`} on this database`,
    {
      where,
      hint: 'Stop it first; what it started goes on to run, and traffic goes on to flow.',
    },
  );
}

/** The tables of the embedded store as queries of these. */
function selectOf({ name, columns, order }: Table): string {
  if (name === 'fence') return 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM fences';
  if (name === 'ended_tasks')
    return 'SELECT key, deployment, due FROM task_keys AS k WHERE NOT EXISTS (SELECT FROM tasks AS t WHERE t.key = k.key) ORDER BY key';
  const values = columns.map(({ name: column, type }) => {
    if (name === 'tasks' && column === 'state') return 'CASE WHEN state = 2 THEN 0 ELSE state END';
    return type === 'flag' ? `${column}::integer` : column;
  });
  return `SELECT ${values.join(', ')} FROM ${name} ORDER BY ${order}`;
}

/**
 * Takes rows into a database, in which the store is made where there is none.
 * @throws SpillwayError `conflict` when there is something in it, or a server runs on it; as `openPostgresStore`
 */
export async function writePostgres(url: string): Promise<RowSink> {
  await prepareDatabase(addressOf(url, CONNECT_MS));
  return connected(url, async (client, { where }) => {
    await client.query('BEGIN');
    await keepOut(client, where);
    await refuseFilled(client, where);
    await client.query('DELETE FROM audit_tree');
    const run = (text: string, values: readonly unknown[] = []) =>
      client.query(text, [...values]).catch((error: unknown) => {
        throw storeError(error, where);
      });
    return {
      async write(table, rows) {
        if (rows.length === 0) return;
        for (const text of insertsOf(table)) await run(text, columnsOf(table, rows));
      },
      async finish() {
        for (const text of COUNTERS) await run(text);
        await run('COMMIT');
        await client.end();
      },
      // The transaction ends with its session, and everything in it.
      abandon: () => client.end(),
    };
  });
}

const FILLED = ['lanes', 'events', 'task_keys', 'inbox', 'series', 'deliveries', 'settings', 'audit_leaves'];

async function refuseFilled(client: Client, where: string): Promise<void> {
  const any = FILLED.map((name) => `EXISTS (SELECT FROM ${name})`).join(' OR ');
  const { rows } = await client.query<{ filled: boolean }>(`SELECT ${any} AS filled`);
  if (rows[0]?.filled !== true) return;
  throw new SpillwayError('conflict', 'there is a store already', {
    where,
    hint: 'Name an empty database, or move that store away first.',
  });
}

const ARRAYS: Readonly<Record<Column['type'], string>> = {
  text: 'text[]',
  integer: 'bigint[]',
  real: 'double precision[]',
  flag: 'integer[]',
  bytes: 'bytea[]',
};

/** Statements that take the columns of some rows as arrays. */
function insertsOf({ name, columns }: Table): readonly string[] {
  if (name === 'fence')
    return [`SELECT setval('fences', greatest(n, 1), n > 0) FROM unnest($1::bigint[]) AS n`];
  const names = columns.map((column) => column.name).join(', ');
  const values = columns
    .map(({ name: column, type }) => (type === 'flag' ? `${column} = 1` : column))
    .join(', ');
  const arrays = columns.map(({ type }, index) => `$${index + 1}::${ARRAYS[type]}`).join(', ');
  const into = name === 'ended_tasks' ? 'task_keys' : name;
  const insert = `INSERT INTO ${into} (${names}) SELECT ${values} FROM unnest(${arrays}) AS given (${names})`;
  if (name !== 'tasks') return [insert];
  return [
    `INSERT INTO task_keys (key, deployment, due)
     SELECT key, deployment, run_at FROM unnest(${arrays}) AS given (${names})`,
    insert,
  ];
}

const columnsOf = ({ columns }: Table, rows: readonly Row[]): readonly unknown[] =>
  columns.map((_, index) => rows.map((row) => row[index] ?? null));

/** What counts on from the rows that are there. */
const COUNTERS = [
  `UPDATE counter SET sequence = (SELECT coalesce(max(sequence), 0) FROM events),
     leaves = (SELECT coalesce(max(number), 0) FROM audit_leaves), tasks = (SELECT count(*) FROM task_keys)`,
  ...['deployments.number', 'tasks.id', 'inbox.number', 'series.number', 'deliveries.number'].map(
    (counted) => {
      const [name = '', column = ''] = counted.split('.');
      return `SELECT setval(pg_get_serial_sequence('${SCHEMA}.${name}', '${column}'), max(${column})) FROM ${name}`;
    },
  ),
];

/** The old store of a database, out of the way of a new one. */
export interface SchemaAside {
  readonly name: string;
  /** Puts it back; what is there by then is moved aside in its turn. */
  back(): Promise<void>;
}

/**
 * Renames the schema of a store, so that another one can be made. @returns null where there is none
 * @throws SpillwayError `conflict` while a server runs on it
 */
export const setSchemaAside = (url: string, now: number): Promise<SchemaAside | null> =>
  connected(url, async (client, { where }) => {
    if ((await formOf(client, where)) === 0) return client.end().then(() => null);
    const name = `${SCHEMA}_${new Date(now)
      .toISOString()
      .replaceAll(/[-:Z]|\.\d+/g, '')
      .toLowerCase()}`;
    await client.query('BEGIN');
    await keepOut(client, where);
    await client.query(`ALTER SCHEMA ${SCHEMA} RENAME TO ${name}; COMMIT`);
    await client.end();
    const back = () =>
      connected(url, async (again) => {
        const found = await again.query(`SELECT FROM pg_namespace WHERE nspname = '${SCHEMA}'`);
        const away = found.rowCount === 0 ? '' : `ALTER SCHEMA ${SCHEMA} RENAME TO ${name}_unfinished;`;
        await again.query(`BEGIN; ${away} ALTER SCHEMA ${name} RENAME TO ${SCHEMA}; COMMIT`);
        await again.end();
      });
    return { name, back };
  });

/** Brings a database to the present form, or only looks. @returns the form that it had, and the present one */
export async function migratePostgres(
  url: string,
  check: boolean,
): Promise<{ readonly from: number; readonly to: number }> {
  const from = await connected(url, async (client, { where }) => {
    const form = await formOf(client, where);
    await client.end();
    return form;
  });
  if (!check && from > 0) await prepareDatabase(addressOf(url, CONNECT_MS));
  return { from, to: MIGRATIONS.length };
}
