import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cell } from './cells.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const LENGTH = 12;

/** Of everything that decides how the judge judges: the sources that its index brings in for a fold of ticks and a verdict. */
export const judgeDigest = (): string =>
  digestOf(['state.ts', 'observe.ts', 'verdict.ts'].map((file) => join(ROOT, 'src', 'judge', file)));

/** Of the generators and of how a rollout is played. */
const simulatorDigest = digestOf([join(import.meta.dirname, 'run.ts')], 'bench');

/** Of the streams of a cell and the settings that it is judged with. */
export function cellDigest(cell: Cell): string {
  const text = JSON.stringify({ ...cell, runs: undefined }, (_key, value: unknown) =>
    typeof value === 'function' ? value.toString() : value,
  );
  return hash([simulatorDigest, text]);
}

/** @param within only files whose path holds this name; all unless told */
function digestOf(entries: readonly string[], within = 'judge'): string {
  const files = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file) || !file.slice(ROOT.length).split('/').includes(within)) return;
    files.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
      visit(join(dirname(file), path ?? ''));
  };
  for (const entry of entries) visit(entry);
  return hash([...files].toSorted().map((file) => readFileSync(file, 'utf8')));
}

function hash(texts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const text of texts) sum.update(text).update('\0');
  return sum.digest('hex').slice(0, LENGTH);
}
