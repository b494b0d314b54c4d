import { readFile, writeFile } from 'node:fs/promises';

/** Seeds that were played on one commit, first and last included. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly commit: string;
  readonly command: string;
  readonly violations: number;
}

/** Adds a range, and makes one of two of the same commit that touch. */
export function withRange(ranges: readonly Range[], added: Range): readonly Range[] {
  const touches = ({ commit, from, to }: Range) =>
    commit === added.commit && from <= added.to + 1 && added.from <= to + 1;
  const touching = ranges.filter(touches);
  const merged: Range = {
    ...added,
    from: Math.min(added.from, ...touching.map(({ from }) => from)),
    to: Math.max(added.to, ...touching.map(({ to }) => to)),
    violations: touching.reduce((sum, { violations }) => sum + violations, added.violations),
  };
  return [...ranges.filter((one) => !touches(one)), merged];
}

/** Notes a range in a file of them. */
export async function keepRange(path: URL, added: Range): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '[]');
  const ranges = withRange(JSON.parse(text) as readonly Range[], added);
  await writeFile(path, `${JSON.stringify(ranges, undefined, 2)}\n`);
}
