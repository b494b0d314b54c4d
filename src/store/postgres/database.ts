import type { Client } from 'pg';
import { SpillwayError } from '../../core/errors.ts';
import { connect } from './connection.ts';
import type { Address } from './connection.ts';
import { openingError } from './errors.ts';
import { MIGRATIONS } from './migrations.ts';
import { MIGRATION_LOCK, SCHEMA } from './names.ts';

/** `server_version_num` of version 15. */
const OLDEST_SERVER = 150_000;

/**
 * Brings a database to the present form. Several replicas may do so at once: one does it, the others wait.
 * @throws SpillwayError `conflict` when it is of a newer Spillway, or the server is too old or set so that it may forget;
 *   `not_permitted`, `not_found`, `unavailable`
 */
export async function prepareDatabase(address: Address): Promise<void> {
  try {
    const client = await connect(address, {}, () => {});
    try {
      await refuseUnfit(client, address.where);
      if ((await formOf(client, address.where)) < MIGRATIONS.length) await migrate(client, address.where);
    } finally {
      await client.end();
    }
  } catch (error) {
    throw openingError(error, address.where);
  }
}

interface Settings {
  readonly version: number;
  readonly fsync: string;
  readonly encoding: string;
}

async function refuseUnfit(client: Client, where: string): Promise<void> {
  const { rows } = await client.query<Settings>(
    `SELECT current_setting('server_version_num')::integer AS version, current_setting('fsync') AS fsync,
       current_setting('server_encoding') AS encoding`,
  );
  for (const found of rows) {
    const refusal = objection(found);
    if (refusal) throw new SpillwayError('conflict', refusal.message, { where, hint: refusal.hint });
  }
}

/** Why Spillway does not run on a server that is set so; undefined when it does. */
export function objection({
  version,
  fsync,
  encoding,
}: Settings): { message: string; hint: string } | undefined {
  if (version < OLDEST_SERVER)
    return {
      message: `PostgreSQL ${Math.floor(version / 10_000)} is too old`,
      hint: 'Spillway needs PostgreSQL 15 or newer: upgrade the server.',
    };
  if (fsync !== 'on')
    return {
      message: 'this server may forget what it has acknowledged: fsync is off',
      hint: 'Set fsync = on in postgresql.conf, and reload it.',
    };
  if (encoding !== 'UTF8')
    return {
      message: `the database's encoding is ${encoding}`,
      hint: 'Make another one with: createdb --encoding=UTF8 --template=template0 NAME',
    };
  return undefined;
}

/** How many steps were taken; 0 for a database in which Spillway has never been. */
export async function formOf(client: Client, where: string): Promise<number> {
  // Not to_regclass, which may answer from before the wait for another replica's migration.
  const { rowCount } = await client.query(
    `SELECT FROM pg_tables WHERE schemaname = '${SCHEMA}' AND tablename = 'form'`,
  );
  if (rowCount === 0) return 0;
  const { rows } = await client.query<{ version: number }>('SELECT version FROM form');
  const present = rows[0]?.version ?? 0;
  if (present > MIGRATIONS.length)
    throw new SpillwayError('conflict', `the store was written by a newer Spillway (form ${present})`, {
      where,
      hint: `This one knows forms up to ${MIGRATIONS.length}: start the newer version, or restore a backup from before the upgrade.`,
    });
  return present;
}

async function migrate(client: Client, where: string): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT pg_advisory_xact_lock($1, 0)', [MIGRATION_LOCK]);
  // Another replica may have taken the steps while this one waited.
  const present = await formOf(client, where);
  if (present === 0)
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS ${SCHEMA}; CREATE TABLE form (version integer NOT NULL); INSERT INTO form VALUES (0)`,
    );
  for (const step of MIGRATIONS.slice(present)) await client.query(step);
  await client.query('UPDATE form SET version = $1', [MIGRATIONS.length]);
  await client.query('COMMIT');
}
