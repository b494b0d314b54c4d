import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { JudgeRule } from '../../src/judge/index.ts';
import type { Cell } from './cells.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const JUDGE = join(ROOT, 'src', 'judge');
const LENGTH = 12;
/** Seconds at which a figure that changes with time is taken for the digest of its scenario. */
const PROBES = [0, 1, 10, 60, 300, 901, 3600, 20_000, 60_000];

const SOURCES = importedBy(
  ['state.ts', 'observe.ts', 'verdict.ts'].map((file) => join(JUDGE, file)),
  'judge',
);
/** Only words a verdict. */
const WORDING = join(JUDGE, 'wording.ts');
/** The plain rules, which the sequential judge never runs. */
const PLAIN = join(JUDGE, 'plain');

/** Of the sources that decide how a judge judges: all that folding ticks and giving a verdict bring in. */
export const judgeDigest = (rule: JudgeRule): string => (rule === 'sequential' ? SEQUENTIAL : WHOLE);

const WHOLE = digestOf(SOURCES.filter((file) => file !== WORDING));
const SEQUENTIAL = digestOf(SOURCES.filter((file) => file !== WORDING && !file.startsWith(PLAIN)));

/** Of the generators and of how a rollout is played. */
const SIMULATOR = digestOf(importedBy([join(import.meta.dirname, 'run.ts')], 'bench'));

/** Of the streams of a cell and the settings that it is judged with. */
export function cellDigest(cell: Cell): string {
  const text = JSON.stringify({ ...cell, runs: undefined }, (_, value: unknown) =>
    typeof value === 'function' ? PROBES.map((second): unknown => value(second)) : value,
  );
  return hash([SIMULATOR, text]);
}

/** These files and all that they import, as far as it lies in a folder called `within`. */
function importedBy(entries: readonly string[], within: string): readonly string[] {
  const files = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file) || !file.slice(ROOT.length).split('/').includes(within)) return;
    files.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g))
      visit(join(dirname(file), path ?? ''));
  };
  for (const entry of entries) visit(entry);
  return [...files].toSorted();
}

function digestOf(files: readonly string[]): string {
  return hash(files.map((file) => readFileSync(file, 'utf8')));
}

function hash(texts: readonly string[]): string {
  const sum = createHash('sha256');
  for (const text of texts) sum.update(text).update('\0');
  return sum.digest('hex').slice(0, LENGTH);
}
