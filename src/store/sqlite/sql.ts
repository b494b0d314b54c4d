import type { Database, Statement } from 'better-sqlite3';

export type Value = string | number | Uint8Array | null;

/** Plain SQL with each text prepared once. Row types are the caller's word about its own columns. */
export interface Sql {
  /** @returns the number of rows changed */
  run(text: string, ...values: readonly Value[]): number;
  get<Row>(text: string, ...values: readonly Value[]): Row | undefined;
  all<Row>(text: string, ...values: readonly Value[]): Row[];
}

export function sqlOf(db: Database): Sql {
  const cache = new Map<string, Statement<unknown[]>>();
  const prepared = (text: string) => {
    const known = cache.get(text);
    if (known) return known;
    const statement = db.prepare<unknown[]>(text);
    cache.set(text, statement);
    return statement;
  };
  return {
    run: (text, ...values) => prepared(text).run(...values).changes,
    get: <Row>(text: string, ...values: readonly Value[]) => prepared(text).get(...values) as Row | undefined,
    all: <Row>(text: string, ...values: readonly Value[]) => prepared(text).all(...values) as Row[],
  };
}

/** A WHERE of those conditions that were asked for; each has one `?`. */
export function conditions(
  asked: ReadonlyArray<readonly [condition: string, value: string | number | undefined]>,
): { readonly text: string; readonly values: readonly Value[] } {
  const texts: string[] = [];
  const values: Value[] = [];
  for (const [condition, value] of asked)
    if (value !== undefined) {
      texts.push(condition);
      values.push(value);
    }
  return { text: texts.length > 0 ? `WHERE ${texts.join(' AND ')}` : '', values };
}
