import { createHash } from 'node:crypto';
import { SpillwayError } from '../core/errors.ts';

/** A value as it travels between stores; what is true or false is 1 or 0. */
export type Cell = string | number | Uint8Array | null;
/** In the order of the table's columns. */
export type Row = readonly Cell[];

export interface Column {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'real' | 'flag' | 'bytes';
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The columns that say the order of its rows. */
  readonly order: string;
}

const TYPES: Readonly<Record<string, Column['type']>> = {
  number: 'integer',
  id: 'text',
  version: 'integer',
  sequence: 'integer',
  schema: 'integer',
  priority: 'integer',
  state: 'integer',
  attempt: 'integer',
  last: 'integer',
  served: 'integer',
  size: 'integer',
  at: 'real',
  run_at: 'real',
  received_at: 'real',
  ended_at: 'real',
  due: 'real',
  latency_ms: 'real',
  live: 'flag',
  delivered: 'flag',
  hash: 'bytes',
  frontier: 'bytes',
};

/** @param columns separated by blanks; `name:type` where the name alone does not tell it */
const table = (name: string, order: string, columns: string): Table => ({
  name,
  order,
  columns: columns.split(' ').map((said) => {
    const [column = '', type] = said.split(':');
    return { name: column, type: (type as Column['type'] | undefined) ?? TYPES[column] ?? 'text' };
  }),
});

/**
 * Everything that a store keeps, by the names and columns of the embedded one, each table after those it refers to. Who has
 * claimed a task is no part of it: what travels is free.
 */
export const TABLES: readonly Table[] = [
  table('lanes', 'application, environment', 'application environment version state:text'),
  table('deployments', 'number', 'number id application environment state:text live ended_at snapshot'),
  table('events', 'sequence', 'sequence id schema application environment deployment type at actor data'),
  table(
    'tasks',
    'id',
    'id:integer key kind application environment deployment payload run_at queue priority state attempt error',
  ),
  table('ended_tasks', 'key', 'key deployment due'),
  table('queues', 'queue', 'queue served'),
  table('fence', 'last', 'last'),
  table('inbox', 'number', 'number id source delivery_id body_hash received_at payload'),
  table('series', 'number', 'number deployment at payload'),
  table('deliveries', 'number', 'number key channel attempt delivered answer latency_ms at'),
  table('settings', 'name', 'name value'),
  table('audit_leaves', 'number', 'number salt entry hash'),
  table('audit_tree', 'size', 'size frontier'),
];

/** A table, or only some of its columns in this order: those that older forms have as well. */
export function tableNamed(name: string, ...columns: readonly string[]): Table {
  const found = TABLES.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`a store has no table ${name}`);
  if (columns.length === 0) return found;
  return {
    ...found,
    columns: columns.flatMap((wanted) => found.columns.filter((one) => one.name === wanted)),
  };
}

/** A store's rows as they were at one moment, whatever is written meanwhile. */
export interface RowSource {
  /** For people. */
  readonly where: string;
  /** How many of its adapter's steps of form it has taken, and how many there are. */
  readonly form: number;
  readonly newestForm: number;
  /** All rows of a table in its order, some hundreds at a time. */
  rows(table: Table): AsyncIterable<readonly Row[]>;
  count(table: Table): Promise<number>;
  close(): Promise<void>;
}

/** An empty store that takes rows. Nothing of them is there before `finish`, or ever after `abandon`. */
export interface RowSink {
  write(table: Table, rows: readonly Row[]): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

/** What a table holds: how many rows, and the SHA-256 (hex) over them in their order. */
export interface TableSum {
  readonly table: string;
  readonly rows: number;
  readonly sha256: string;
}

/** Sums up every table. @param each gets the rows as they go by */
export async function sumsOf(
  source: RowSource,
  each: (table: Table, rows: readonly Row[]) => Promise<void> = async () => {},
): Promise<readonly TableSum[]> {
  const sums: TableSum[] = [];
  for (const one of TABLES) {
    const hash = createHash('sha256');
    let rows = 0;
    for await (const page of source.rows(one)) {
      for (const row of page) hash.update(lineOf(row));
      rows += page.length;
      await each(one, page);
    }
    sums.push({ table: one.name, rows, sha256: hash.digest('hex') });
  }
  return sums;
}

const lineOf = (row: Row): string =>
  `${JSON.stringify(row.map((cell) => (cell instanceof Uint8Array ? [Buffer.from(cell).toString('hex')] : cell)))}\n`;

/**
 * Copies all of a store into an empty one.
 * @returns what was copied, to be held against what the other store then has
 * @throws SpillwayError `conflict` when the source is not of the present form; then, and after any other failure, the
 *   target is as empty as it was
 */
export async function copyRows(source: RowSource, sink: RowSink): Promise<readonly TableSum[]> {
  try {
    refuseOldForm(source);
    const sums = await sumsOf(source, (one, rows) => sink.write(one, rows));
    await sink.finish();
    return sums;
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}

function refuseOldForm({ form, newestForm, where }: RowSource): void {
  if (form === newestForm) return;
  throw new SpillwayError('conflict', `the store is of form ${form}, and ${newestForm} is the present one`, {
    where,
    hint: 'Bring it up to date first: spillway store migrate',
  });
}

/** Names what differs between two stores. @throws SpillwayError `corrupt` */
export function requireSame(copied: readonly TableSum[], found: readonly TableSum[], where: string): void {
  const other = copied.filter(
    (sum, index) => found[index]?.rows !== sum.rows || found[index]?.sha256 !== sum.sha256,
  );
  if (other.length === 0) return;
  throw new SpillwayError(
    'corrupt',
    `what was written is not what was read: ${other.map((sum) => sum.table).join(', ')}`,
    { where, hint: 'Do not use this copy; the original is as it was.' },
  );
}
