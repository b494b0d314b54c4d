import type { z } from 'zod';
import type { Source } from './document.ts';
import { MAX_PROBLEMS, nearestOf, pathText, type Path, type Problem } from './problem.ts';
import { NOT_BUILT, SENTENCE } from './vocabulary/values.ts';

type Issue = z.core.$ZodIssue;

/** Where a checked value comes from in the file, when it was moved or merged before the check. */
export type Relocate = (path: Path) => Path;

/** Messages of adapters' schemas may be predicates ("must stay inside the release"); the others are phrases. */
const PREDICATE = /^(?:is|must|should|may|has|needs) /;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/**
 * Names what was expected where a schema has not said it itself. For unknown keys it hands on the known ones, which the
 * issue itself does not carry.
 */
export function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return KINDS[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_small')
    return `at least ${issue.minimum}${issue.origin === 'array' ? ' item' : ''}`;
  if (issue.code === 'too_big') return `at most ${issue.maximum}`;
  if (issue.code !== 'unrecognized_keys') return undefined;
  const shape =
    (issue.inst as { readonly shape?: Readonly<Record<string, z.ZodType>> } | undefined)?.shape ?? {};
  return JSON.stringify({
    all: Object.keys(shape),
    built: Object.keys(shape).filter(
      (key) => shape[key]?.safeParse(null).error?.issues[0]?.message !== NOT_BUILT,
    ),
  } satisfies KnownKeys);
}

interface KnownKeys {
  readonly all: readonly string[];
  /** Without those that are refused. */
  readonly built: readonly string[];
}

/** Turns what a schema objects to into problems with a place in the file. */
export function problemsOf(
  issues: readonly Issue[],
  source: Source,
  relocate: Relocate = (p) => p,
): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, source, relocate, []));
}

function problemsOfIssue(issue: Issue, source: Source, relocate: Relocate, above: Path): Problem[] {
  const path = [...above, ...(issue.path as Path)];
  if (issue.code === 'unrecognized_keys') {
    const known = JSON.parse(issue.message) as KnownKeys;
    return issue.keys
      .slice(0, MAX_PROBLEMS)
      .map((key) => unknownKey(source, relocate([...path, key]), key, known));
  }
  if (issue.code === 'invalid_union') {
    const inner = closestBranch(issue.errors);
    if (inner) return inner.flatMap((one) => problemsOfIssue(one, source, relocate, path));
    if (issue.message === 'Invalid input') {
      const expected = issue.errors.map((branch) => branch[0]?.message ?? '').join(' or ');
      return [valueProblem({ ...issue, message: expected }, source, relocate(path))];
    }
  }
  if (issue.code === 'invalid_key') {
    const key = path.at(-1);
    const expected = issue.issues[0]?.message ?? 'a name';
    return [at(source, relocate(path), 'key', `${JSON.stringify(key)} should be ${expected}`, { expected })];
  }
  return [valueProblem(issue, source, relocate(path))];
}

/** The branch of a union that was meant: one that objects to something inside the value, or refuses it by name. */
function closestBranch(branches: ReadonlyArray<readonly Issue[]>): readonly Issue[] | undefined {
  return branches.find((issues) =>
    issues.every(
      (issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys' || issue.message === NOT_BUILT,
    ),
  );
}

function unknownKey(source: Source, path: Path, key: string, { all, built }: KnownKeys): Problem {
  const nearest = nearestOf(key, all);
  const guess = nearest ? `; did you mean ${nearest}?` : `; known here: ${built.join(', ')}`;
  return at(source, path, 'key', `unknown key ${JSON.stringify(key)}${guess}`, {
    expected: `one of ${built.join(', ')}`,
    ...(nearest ? { nearest } : {}),
  });
}

function valueProblem(issue: Issue, source: Source, path: Path): Problem {
  const found = valueAt(source.value, path);
  const where = pathText(path) || 'the document';
  if (issue.message === NOT_BUILT) return notBuiltProblem(source, path);
  const expected = issue.message;
  if (issue.code === 'custom' && issue.params === SENTENCE)
    return at(source, path, 'value', `${where}: ${issue.message}`);
  if (found === undefined)
    return at(source, path, 'value', `${where} is missing; it should be ${expected}`, { expected });
  const written = source.written(path);
  const misread =
    typeof found === 'number' && written !== undefined && written !== String(found)
      ? ` (YAML reads ${found}; write '${written}')`
      : '';
  const shown = written || shorten(found);
  const nearest =
    issue.code === 'invalid_value' && typeof found === 'string'
      ? nearestOf(found, issue.values.map(String))
      : undefined;
  const guess = nearest ? `; did you mean ${nearest}?` : '';
  const says = PREDICATE.test(expected)
    ? `${where} ${expected}`
    : `${where} should be ${expected}, not ${shown}`;
  return at(source, path, 'value', `${says}${misread}${guess}`, {
    expected,
    ...(nearest ? { nearest } : {}),
  });
}

/** The problem of a part that is specified and not available. `what`: its name when it is not the key itself. */
export function notBuiltProblem(source: Source, path: Path, what?: string): Problem {
  const found = valueAt(source.value, path);
  const scalar = typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean';
  const name =
    what ?? (scalar ? `${pathText(path)}: ${source.written(path) ?? String(found)}` : pathText(path));
  const message = `${name} is not available in this version; take it out`;
  return at(source, path, scalar ? 'value' : 'key', message, { code: 'not_built' });
}

type Extra = Partial<Pick<Problem, 'expected' | 'nearest' | 'severity' | 'code'>>;

/** A problem at a place in the file. */
export function at(
  source: Source,
  path: Path,
  of: 'key' | 'value',
  message: string,
  extra: Extra = {},
): Problem {
  return {
    file: source.file,
    ...source.position(path, of),
    path: pathText(path),
    message,
    expected: '',
    severity: 'error',
    code: 'config_invalid',
    ...extra,
  };
}

/** What stands at a path; undefined where nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Readonly<Record<string | number, unknown>>)[part];
  }
  return here;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  if (text.length <= 60) return text;
  if (Array.isArray(value)) return 'this list';
  return typeof value === 'object' ? 'this map' : `${text.slice(0, 57)}..."`;
}
