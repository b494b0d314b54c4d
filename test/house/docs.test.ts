import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.ts';
import { adapters } from '../config/adapters.ts';
import { root, trackedFiles } from './plant.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const CLI = read('docs/cli.md');

/** What a heading is called in an address: `## On GitHub` is `#on-github`. */
const anchorsOf = (text: string): Set<string> =>
  new Set(
    [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );

/** Links that lead nowhere, as `page: link`. */
function brokenLinks(page: string): string[] {
  const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).has(anchor);
    })
    .map((link) => `${page}: ${link}`);
}

/** The part of docs/cli.md on a command; undefined where there is none. */
const sectionOf = (command: string): string | undefined =>
  CLI.split(/^#{2,3} /m).find((section) => section.startsWith(`${command}\n`));

/** Commands in a page that the command line does not have, or not with these flags. */
function unknownCommands(page: string): string[] {
  const commands = [...read(page).matchAll(/(?:^|[`/ ])spillway ((?:[a-z]|--data)[^\n`|;&#]*)/gm)]
    .map(([, said = '']) => said.replace(/^--data \S+ /, '').trim())
    .filter((said) => /^[a-z-]+(?: |$)/.test(said) && isCode(page, said));
  return commands.filter((said) => {
    const [verb = '', inner = ''] = said.split(' ');
    const section = sectionOf(`spillway ${verb} ${inner}`) ?? sectionOf(`spillway ${verb}`);
    if (section === undefined) return true;
    const flags = said.match(/(?<= )-{1,2}[a-z][a-z-]*/g) ?? [];
    const global = new Set(['-o', '--output', '--data', '-h', '--help']);
    return flags.some((flag) => !global.has(flag) && !new RegExp(`[ ,]${flag}[ ,\n]`).test(section));
  });
}

/** Prose speaks of Spillway as well; commands stand in code. */
function isCode(page: string, said: string): boolean {
  const text = read(page);
  const fenced = (text.match(/^```[\s\S]*?^```$/gm) ?? []).filter((block) => /^```(?:sh|ini)\n/.test(block));
  const inline = text.match(/`[^`\n]+`/g) ?? [];
  return [...fenced, ...inline].some((code) => code.includes(`spillway ${said}`));
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema & { readonly not?: object }>>;
}

/** Every key that a configuration may have, wherever it stands; what is refused as not built is left out. */
function acceptedKeys(schema: Schema, found = new Set<string>()): Set<string> {
  for (const [key, below] of Object.entries(schema.properties ?? {})) if (!below.not) found.add(key);
  for (const below of [...Object.values(schema.properties ?? {}), ...Object.values(schema)])
    if (typeof below === 'object' && below !== null) acceptedKeys(below, found);
  return found;
}

describe('the documentation', () => {
  const pages = (trackedFiles() ?? []).filter((path) => path.endsWith('.md'));

  it('has a reference of the command line that is up to date (make docs writes it)', () => {
    const fresh = execFileSync(process.execPath, [join(root, 'scripts/cli-docs.ts')], { encoding: 'utf8' });
    assert.equal(CLI, fresh);
  });

  it('links to what is there', () => {
    assert.deepEqual(pages.flatMap(brokenLinks), []);
  });

  it('explains every key that spillway.yaml may have', () => {
    const guide = read('docs/guide.md');
    const keys = [...acceptedKeys(JSON.parse(read('schema/spillway.schema.json')) as Schema)];
    assert.ok(keys.length > 80, 'the schema was read');
    assert.deepEqual(
      keys.filter((key) => !new RegExp(`[\`.]${key}[\`.]|\\b${key}:`).test(guide)),
      [],
    );
  });

  it('shows a configuration that is valid', () => {
    const [, example = ''] = /^```yaml\n(application: [\s\S]*?)^```$/m.exec(read('docs/guide.md')) ?? [];
    const { problems } = parseConfig(example, 'the guide', adapters);
    assert.deepEqual(problems, []);
  });

  it('names commands and flags that there are', () => {
    for (const page of ['README.md', 'docs/guide.md', 'examples/README.md'])
      assert.deepEqual(unknownCommands(page), [], page);
  });
});
