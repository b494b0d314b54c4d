import type { ErrorCode } from '../core/errors.ts';

/** Keys and list indexes from the top of the document down. */
export type Path = ReadonlyArray<string | number>;

/** One thing that is wrong with a configuration, and where. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `environments.production.canary`; `''` for the whole document. */
  readonly path: string;
  readonly message: string;
  /** What would have been right, in words; `''` where the message says it all. */
  readonly expected: string;
  /** The known key or name that is closest to the one written. */
  readonly nearest?: string;
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
}

/** More help nobody. */
export const MAX_PROBLEMS = 200;

/** `triggers[0].branches`. */
export const pathText = (path: Path): string =>
  path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );

/** `spillway.yaml:12:5: error: ...`, as compilers write it. */
export const formatProblem = (problem: Problem): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message}`;

/**
 * The candidate with the smallest edit distance to `text`, if it is near enough to be a slip of the pen: at most two
 * edits, and fewer than half of the letters, or all of its beginning. An underscore for a hyphen costs nothing.
 */
export function nearestOf(text: string, candidates: Iterable<string>): string | undefined {
  const plain = (word: string) => word.toLowerCase().replaceAll('-', '_');
  const limit = Math.min(2, Math.ceil(text.length / 2) - 1);
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - text.length) >= bestDistance) continue;
    const distance = editDistance(plain(text), plain(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  if (best !== undefined || text.length < 4) return best;
  return [...candidates].find((candidate) => plain(candidate).startsWith(plain(text)));
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, substitution);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? 0;
}
