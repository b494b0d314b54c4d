import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** One finding: `rule` as the linter names it, such as `house(layers)`, or the compiler's code, such as `TS2304`. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

/** A tree of its own with this project's settings and nothing of its source. */
export interface Planted {
  /** What the linter says of the whole tree. */
  lint(): Finding[];
  /** What the compiler says of the pure folders. */
  compilePure(): Finding[];
  remove(): void;
}

const settings = [
  'package.json',
  '.oxlintrc.json',
  'scripts/lint',
  'tsconfig.base.json',
  'src/tsconfig.json',
  'src/tsconfig.pure.json',
];

/** Plants `files` (path from the root of the tree -> text). */
export function plant(files: ReadonlyMap<string, string>): Planted {
  const tree = mkdtempSync(join(tmpdir(), 'spillway-house-'));
  for (const path of settings) cpSync(join(root, path), join(tree, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  for (const [path, text] of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  return {
    lint: () => lint(tree),
    compilePure: () => compile(tree, 'src/tsconfig.pure.json'),
    remove: () => rmSync(tree, { recursive: true }),
  };
}

/** Runs a tool of the project in the tree; its exit code says only whether it found something. */
function run(tree: string, tool: string, ...args: string[]): string {
  const path = join(root, 'node_modules/.bin', tool);
  const { stdout, stderr, error } = spawnSync(process.execPath, [path, ...args], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (error) throw error;
  return stdout || stderr;
}

interface Diagnostic {
  readonly code: string;
  readonly filename: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

function lint(tree: string): Finding[] {
  const { diagnostics } = JSON.parse(run(tree, 'oxlint', '--format=json')) as { diagnostics: Diagnostic[] };
  return diagnostics.map(({ code, filename, labels }) => ({
    file: filename,
    line: labels[0]?.span.line ?? 0,
    rule: code,
  }));
}

function compile(tree: string, project: string): Finding[] {
  const lines = run(tree, 'tsc', '-b', project, '--pretty', 'false').matchAll(
    /^(.+)\((\d+),\d+\): error (TS\d+)/gm,
  );
  return [...lines].map(([, file = '', line = '', rule = '']) => ({ file, line: Number(line), rule }));
}

/** The files that Git holds here, by path from the root; nothing where this is no Git checkout. */
export function trackedFiles(): string[] | undefined {
  const git = ['-c', 'safe.directory=*', 'ls-files', '-z']; // also where another user owns the checkout
  const { status, stdout } = spawnSync('git', git, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.split('\0').filter(Boolean) : undefined;
}
