import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Finding, plant, type Planted } from './plant.ts';

const statements = (count: number): string =>
  Array.from({ length: count }, (_, index) => `  total += ${index};`).join('\n');
const longFunction = (count: number): string =>
  `export function sum(): number {\n  let total = 0;\n${statements(count)}\n  return total;\n}\n`;
const union = `type Phase = 'soaking' | 'done';\n`;

/** Each rule with a file that breaks it and one that does the same as it should be done. */
const rules: { rule: string; broken: string; kept: string; folder?: string }[] = [
  {
    rule: 'typescript(no-floating-promises)',
    broken: `const work = async (): Promise<void> => {};\nexport const start = (): void => {\n  work();\n};\n`,
    kept: `const work = async (): Promise<void> => {};\nexport const start = async (): Promise<void> => {\n  await work();\n};\n`,
  },
  {
    rule: 'typescript(switch-exhaustiveness-check)',
    broken: `${union}export function name(phase: Phase): string {\n  switch (phase) {\n    case 'done':\n      return 'Done';\n  }\n  return '';\n}\n`,
    kept: `${union}export function name(phase: Phase): string {\n  switch (phase) {\n    case 'done':\n      return 'Done';\n    case 'soaking':\n      return 'Soaking';\n  }\n}\n`,
  },
  {
    rule: 'typescript(no-explicit-any)',
    broken: 'export const it = (value: any): string => value;\n',
    kept: 'export const it = (value: unknown): string => String(value);\n',
  },
  {
    rule: 'typescript(ban-ts-comment)',
    broken: `// @ts-ignore\nexport const it: number = 'one';\n`,
    kept: '// one\nexport const it: number = 1;\n',
  },
  { rule: 'eslint(max-lines-per-function)', broken: longFunction(70), kept: longFunction(60) },
  {
    rule: 'eslint(max-lines)',
    broken: 'export {};\n'.padEnd(500, '\n'),
    kept: 'export {};\n'.padEnd(350, '\n'),
  },
  {
    rule: 'eslint(max-lines)',
    folder: 'test',
    broken: 'export {};\n'.padEnd(500, '\n'),
    kept: longFunction(200),
  },
];

describe('the lint rules', () => {
  let tree: Planted;
  let findings: Finding[];
  const fileOf = (index: number, kind: 'broken' | 'kept'): string =>
    `${rules[index]?.folder ?? 'src/engine'}/${kind}-${index}.ts`;
  const rulesOf = (name: string): string[] => [
    ...new Set(findings.filter(({ file }) => file === name).map(({ rule }) => rule)),
  ];

  before(() => {
    const files = new Map<string, string>([
      ['src/core/egg.ts', `export { hen } from './hen.ts';\nexport const egg = 1;\n`],
      ['src/core/hen.ts', `export { egg } from './egg.ts';\nexport const hen = 1;\n`],
      ['src/core/stone.ts', `export { hen } from './hen.ts';\n`],
    ]);
    for (const [index, { broken, kept }] of rules.entries()) {
      files.set(fileOf(index, 'broken'), broken);
      files.set(fileOf(index, 'kept'), kept);
    }
    tree = plant(files);
    findings = tree.lint();
  });
  after(() => tree.remove());

  for (const [index, { rule, folder = 'src' }] of rules.entries())
    it(`${rule} holds in ${folder}`, () => {
      assert.deepEqual(rulesOf(fileOf(index, 'broken')), [rule]);
      assert.deepEqual(rulesOf(fileOf(index, 'kept')), []);
    });

  it('import(no-cycle) holds', () => {
    assert.deepEqual(rulesOf('src/core/egg.ts'), ['import(no-cycle)']);
    assert.deepEqual(rulesOf('src/core/hen.ts'), ['import(no-cycle)']);
    assert.deepEqual(rulesOf('src/core/stone.ts'), []);
  });
});
