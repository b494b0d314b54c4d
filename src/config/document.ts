import {
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { MAX_PROBLEMS, type Path, type Problem } from './problem.ts';

/** Larger files are refused unread. */
const MAX_BYTES = 1_000_000;
/** Deeper nesting is refused unread, since a parser that recurses must not be led there; the vocabulary is 8 deep. */
const MAX_DEPTH = 1000;
/** How often anchors may be used in all. */
const MAX_ALIASES = 50;

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML file as values, with the place of every key and value. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  /** Whether `value` is what the file says; if not, only `problems` is. */
  readonly readable: boolean;
  /** Everything that can be told from the text alone. */
  readonly problems: readonly Problem[];
  /** Where the value at the path begins, or its key; for what is not there, the nearest thing above it. */
  position(path: Path, of: 'key' | 'value'): Position;
  /** How a plain scalar is written in the file. */
  written(path: Path): string | undefined;
  /** Every text in the file with its path. */
  texts(): Iterable<{ readonly path: Path; readonly text: string }>;
}

/** Reads one YAML document; never throws. `text` may be the bytes of the file. */
export function readSource(text: string | Uint8Array, file: string): Source {
  const refused = (message: string, at: Position = { line: 1, column: 1 }): Source => ({
    file,
    value: undefined,
    readable: false,
    problems: [{ file, ...at, path: '', message, expected: '', severity: 'error', code: 'config_invalid' }],
    position: () => at,
    written: () => undefined,
    texts: () => [],
  });
  const bytes = typeof text === 'string' ? Buffer.byteLength(text) : text.byteLength;
  if (bytes > MAX_BYTES) return refused(`the file has ${bytes} bytes; at most ${MAX_BYTES} are read`);
  const decoded = decode(text);
  if (decoded === undefined) return refused('the file is not valid UTF-8; save it as UTF-8 text');
  const deep = tooDeep(decoded);
  if (deep) return refused(`nested more than ${MAX_DEPTH} levels deep`, deep);
  const lines = new LineCounter();
  try {
    const document = parseDocument(decoded, {
      lineCounter: lines,
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false, // compares every key with every other; see duplicateKeys
    });
    return sourceOf(file, document, lines);
  } catch (error) {
    return refused(`not readable as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function decode(text: string | Uint8Array): string | undefined {
  if (typeof text === 'string') return text.includes('\uFFFD') ? undefined : text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text);
  } catch {
    return undefined;
  }
}

/** Where brackets or the dashes of one line go too deep. (Indentation cannot: it costs a line's length for each level.) */
function tooDeep(text: string): Position | undefined {
  let line = 0;
  let open = 0;
  for (const content of text.split('\n')) {
    line++;
    const compact = /^\s*(?:[-?:]\s+)*/.exec(content)?.[0] ?? '';
    if (compact.replaceAll(/[^-?:]/g, '').length > MAX_DEPTH || compact.length > MAX_DEPTH * 8)
      return { line, column: 1 };
    for (let i = 0; i < content.length; i++) {
      const char = content[i];
      if (char === '[' || char === '{') open++;
      else if ((char === ']' || char === '}') && open > 0) open--;
      if (open > MAX_DEPTH) return { line, column: i + 1 };
    }
  }
  return undefined;
}

function sourceOf(file: string, document: Document.Parsed, lines: LineCounter): Source {
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problem = (offset: number, path: string, message: string): Problem => ({
    file,
    ...at(offset),
    path,
    message,
    expected: '',
    severity: 'error',
    code: 'config_invalid',
  });
  const fatal = document.errors
    .slice(0, MAX_PROBLEMS)
    .map((error) => problem(error.pos[0], '', sentence(error.code, error.message)));
  for (const warning of document.warnings) fatal.push(problem(warning.pos[0], '', warning.message));
  for (const offset of prototypeKeys(document))
    fatal.push(problem(offset, '__proto__', 'the key __proto__ is not allowed'));
  for (const offset of duplicateKeys(document))
    fatal.push(problem(offset, '', 'this key is written twice in the same map; keep one of them'));
  const value = fatal.length === 0 ? valueOf(document, fatal, problem) : undefined;
  const misread = misreadNumbers(document).map((trap) => problem(trap.offset, trap.path, trap.message));
  return {
    file,
    value,
    readable: fatal.length === 0,
    problems: [...fatal, ...misread],
    position: (path, of) => at(offsetOf(document, path, of)),
    written: (path) => {
      const node = find(document, path).value;
      return isScalar(node) && node.type === 'PLAIN' ? node.source : undefined;
    },
    texts: () => textsOf(document),
  };
}

function valueOf(
  document: Document.Parsed,
  problems: Problem[],
  problem: (offset: number, path: string, message: string) => Problem,
): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch {
    problems.push(
      problem(0, '', `anchors are used too often (${MAX_ALIASES} times at most); write the values out`),
    );
    return undefined;
  }
}

/** The parser's message, for the errors that people make most; others are clear as they are. */
function sentence(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML is indented with spaces';
    case 'RESOURCE_EXHAUSTION':
      return 'nested too deeply';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here (---); one file holds one application';
    default:
      return message;
  }
}

interface Trap {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
}

const VERSION_KEY = /(?:^|_)version$/;
/** Below these keys, numbers are texts in truth: what is written is meant, digit for digit. */
const VERBATIM_KEYS = new Set(['env', 'default', 'options']);

/** Where a map has a key that JavaScript would mistake for something else. */
function prototypeKeys(document: Document.Parsed): number[] {
  const found: number[] = [];
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && keyText(pair) === '__proto__') found.push(pair.key.range?.[0] ?? 0);
    },
  });
  return found;
}

/** Where a key is written that its map has already. */
function duplicateKeys(document: Document.Parsed): number[] {
  const found: number[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const pair of map.items) {
        const key = keyText(pair);
        if (seen.has(key) && isScalar(pair.key)) found.push(pair.key.range?.[0] ?? 0);
        seen.add(key);
      }
    },
  });
  return found;
}

/** Versions and other texts that YAML reads as numbers. */
function misreadNumbers(document: Document.Parsed): Trap[] {
  const found: Trap[] = [];
  visit(document, {
    Scalar(_, node, ancestors) {
      if (typeof node.value !== 'number' || node.range == null) return;
      const keys = ancestors.filter((a) => isPair(a)).map((pair) => keyText(pair));
      const written = node.source ?? String(node.value);
      const message = numberTrap(keys, written, node.value);
      if (message) found.push({ offset: node.range[0], path: keys.join('.'), message });
    },
  });
  return found;
}

function numberTrap(keys: readonly string[], written: string, value: number): string | undefined {
  const isVersion = VERSION_KEY.test(keys.at(-1) ?? '');
  if (written !== String(value) && (isVersion || keys.some((key) => VERBATIM_KEYS.has(key))))
    return `${keys.at(-1)}: ${written} is a number to YAML, which reads ${value}; write '${written}'`;
  return isVersion
    ? `${keys.at(-1)}: a version is text, and ${written} is a number; write '${written}'`
    : undefined;
}

const keyText = (pair: Pair): string => (isScalar(pair.key) ? String(pair.key.value) : '');

const indexes = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** A map's pairs by their keys; looked up often, so kept with the map. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = indexes.get(map);
  if (known) return known;
  const index = new Map(map.items.map((pair) => [keyText(pair), pair]));
  indexes.set(map, index);
  return index;
}

/** The pair or item at a path; what is missing resolves to the deepest node that is there. */
function find(
  document: Document.Parsed,
  path: Path,
): { key: Node | undefined; value: Node | undefined; depth: number } {
  let value: Node | undefined = document.contents ?? undefined;
  let key: Node | undefined;
  let depth = 0;
  for (const part of path) {
    if (isAlias(value)) value = value.resolve(document);
    let next: Pair | Node | undefined;
    if (isMap(value)) next = pairsOf(value).get(String(part));
    else if (isSeq(value)) next = nodeOrNothing(value.items[Number(part)]);
    if (next === undefined) break;
    key = isPair(next) ? nodeOrNothing(next.key) : next;
    value = isPair(next) ? (nodeOrNothing(next.value) ?? key) : next;
    depth++;
  }
  return { key, value, depth };
}

const nodeOrNothing = (value: unknown): Node | undefined => (isNode(value) ? value : undefined);

function offsetOf(document: Document.Parsed, path: Path, of: 'key' | 'value'): number {
  const { key, value, depth } = find(document, path);
  const node = of === 'key' || depth < path.length ? (key ?? value) : value;
  return node?.range?.[0] ?? 0;
}

function* textsOf(document: Document.Parsed): Generator<{ path: Path; text: string }> {
  const found: Array<{ path: Path; text: string }> = [];
  visit(document, {
    Scalar(key, node: Scalar, ancestors) {
      if (key === 'key' || typeof node.value !== 'string') return;
      found.push({ path: pathOf(key, ancestors), text: node.value });
    },
  });
  yield* found;
}

/** @param key the node's place in its parent, as `visit` gives it */
function pathOf(key: number | string | null, ancestors: ReadonlyArray<unknown>): Path {
  const path: Array<string | number> = [];
  ancestors.forEach((ancestor, i) => {
    const child = ancestors[i + 1];
    if (isPair(ancestor)) path.push(keyText(ancestor));
    else if (isSeq(ancestor)) path.push(child === undefined ? Number(key) : ancestor.items.indexOf(child));
  });
  return path;
}
