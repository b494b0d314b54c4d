import type { Database } from 'better-sqlite3';

type Value = string | number | null | { readonly hex: string };

interface Row {
  readonly table: string;
  readonly row: Readonly<Record<string, Value>>;
}

/** A store's database as text: its form, then a line a row, in the order of the tables' making. */
export function dump(db: Database): string {
  const form = Number(db.pragma('user_version', { simple: true }));
  const tables = db
    .prepare<[], string>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid`,
    )
    .pluck()
    .all();
  const rows = tables.flatMap((table) =>
    db
      .prepare<[], Record<string, unknown>>(`SELECT * FROM "${table}"`)
      .all()
      .map((row) => JSON.stringify({ table, row: mapValues(row, toText) } as Row)),
  );
  return [JSON.stringify({ form }), ...rows, ''].join('\n');
}

/** @param open makes an empty database of a form */
export function restore(text: string, open: (form: number) => Database): Database {
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const db = open((JSON.parse(head) as { form: number }).form);
  db.pragma('foreign_keys = OFF');
  db.transaction(() => {
    const filled = new Set<string>();
    for (const line of lines) {
      const { table, row } = JSON.parse(line) as Row;
      // What making the table has put there.
      if (!filled.has(table)) db.exec(`DELETE FROM "${table}"`);
      filled.add(table);
      const columns = Object.keys(row);
      db.prepare(
        `INSERT OR REPLACE INTO "${table}" (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      ).run(Object.values(mapValues(row, fromText)));
    }
  })();
  return db;
}

const toText = (value: unknown): unknown =>
  value instanceof Uint8Array ? { hex: Buffer.from(value).toString('hex') } : value;

const fromText = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? Buffer.from((value as { hex: string }).hex, 'hex') : value;

const mapValues = (row: Readonly<Record<string, unknown>>, map: (value: unknown) => unknown) =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, map(value)]));
