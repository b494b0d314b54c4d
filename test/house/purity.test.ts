import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Finding, plant, type Planted } from './plant.ts';

/** Ways to a clock, to chance, or to the world; each must fail in each pure folder, by the linter or by the compiler. */
const impure: Record<string, string> = {
  'the clock': 'export const it = Date.now();',
  'a new date': 'export const it = new Date();',
  'a date by call': 'export const it = Date();',
  'a date through the global object': 'export const it = globalThis.Date.now();',
  'a monotonic clock': 'export const it = performance.now();',
  chance: 'export const it = Math.random();',
  'chance by a computed name': `export const it = Math['random']();`,
  'chance taken apart': 'export const { random } = Math;',
  'the locale': `export const it = new Intl.NumberFormat('en');`,
  'the process': 'export const it = process.env;',
  'a timer': 'export const it = setTimeout(() => undefined, 1);',
  'a repeated timer': 'export const it = setInterval(() => undefined, 1);',
  'a microtask': 'export const it = queueMicrotask(() => undefined);',
  'the network': `export const it = fetch('http://127.0.0.1');`,
  'random bytes': 'export const it = crypto.randomUUID();',
  'the console': `export const it = console.log('x');`,
  'node:fs': `export { readFileSync } from 'node:fs';`,
  'node:fs/promises': `export { readFile } from 'node:fs/promises';`,
  'a bare fs': `export { readFileSync } from 'fs';`,
  'node: later': `export const it = () => import('node:fs');`,
  'a package': `export { z } from 'zod';`,
  require: `export const it = require('node:fs');`,
};

/** What the same folders are meant for: time and chance come in as values. */
const clean = `
/** Milliseconds that remain at \`nowMs\`; \`draw\` in [0, 1). */
export const remaining = (nowMs: number, deadlineMs: number, draw: number): number =>
  Math.max(0, deadlineMs - nowMs) * Math.round(1 + draw);
`;

const pureFolders = ['core', 'judge', 'ledger'];
const fileOf = (folder: string, name: string): string => `src/${folder}/${name.replace(/\W+/g, '-')}.ts`;

describe('a pure folder', () => {
  let tree: Planted;
  let findings: Finding[];

  before(() => {
    const files = new Map<string, string>();
    for (const folder of pureFolders) {
      files.set(fileOf(folder, 'clean'), clean);
      for (const [name, text] of Object.entries(impure)) files.set(fileOf(folder, name), text);
    }
    tree = plant(files);
    findings = [...tree.lint(), ...tree.compilePure()];
  });
  after(() => tree.remove());

  for (const folder of pureFolders) {
    for (const name of Object.keys(impure))
      it(`${folder} has no way to ${name}`, () => {
        assert.ok(findings.some(({ file }) => file === fileOf(folder, name)));
      });

    it(`${folder} computes with values that come in`, () => {
      assert.deepEqual(
        findings.filter(({ file }) => file === fileOf(folder, 'clean')),
        [],
      );
    });
  }
});
