import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { adapters } from './adapters.ts';

// Every file in `broken/` with the messages that a person gets for it, in the `.txt` beside it.
const folder = new URL('broken/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

test('there are forty broken configurations at least', () => {
  assert.ok(files.length >= 40, `${files.length} files`);
});

for (const file of files)
  test(`broken/${file}`, () => {
    const { config, problems } = parseConfig(readFileSync(new URL(file, folder)), file, adapters);
    const told = problems.map((problem) => `${formatProblem(problem)} [${problem.code}]\n`).join('');
    const golden = readFileSync(new URL(`${basename(file, '.yaml')}.txt`, folder), 'utf8');
    assert.equal(told, golden);
    assert.equal(
      config === undefined,
      problems.some((problem) => problem.severity === 'error'),
    );
    for (const problem of problems) assert.ok(problem.line >= 1 && problem.column >= 1);
  });
