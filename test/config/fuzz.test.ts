import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/parse.ts';
import { planFor } from '../../src/config/plan.ts';
import { spillwayFile } from '../../src/config/vocabulary/spillway.ts';
import { adapters } from './adapters.ts';

/** Whatever comes in: problems with a place, or a configuration that has a plan for each of its environments. */
function holdsFor(text: string | Uint8Array): void {
  const { config, problems } = parseConfig(text, 'fuzz.yaml', adapters);
  assert.equal(
    config === undefined,
    problems.some((problem) => problem.severity === 'error'),
  );
  for (const { line, column, message } of problems) {
    assert.ok(Number.isInteger(line) && line >= 1 && Number.isInteger(column) && column >= 1);
    assert.ok(
      message.length > 0 && !message.includes('Invalid input') && !message.includes('undefined'),
      message,
    );
  }
  for (const name of Object.keys(config?.environments ?? {})) assert.ok(config && planFor(config, name));
}

test('any bytes', () =>
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), holdsFor), { numRuns: 1000 }));

test('any text', () =>
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), holdsFor), { numRuns: 1000 }));

/** Values of every kind under the real keys. */
const keys = [
  ...Object.keys(spillwayFile.shape),
  ...Object.keys(spillwayFile.shape.environments.unwrap().valueType.shape),
  'type',
  'command',
  'env',
  'event',
  'branches',
  'paths',
  'inputs',
  'weight',
  'run',
  'condition',
  'production',
  'action',
  'listen',
];
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(
      'push',
      'deploy_production',
      'process',
      'canary',
      '10m',
      '>= 80%',
      '${X}',
      'main',
      '1.10',
      '',
    ),
    fc.jsonValue({ maxDepth: 1 }),
    fc.double({ noNaN: false }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...keys, '__proto__', 'toString'), tie('value'), { maxKeys: 5 }),
  ),
})).value;

test('any values under the real keys', () =>
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 8 }), (file) =>
      holdsFor(
        stringify({ application: 'shop', target: { command: 'x' }, traffic: { listen: 80 }, ...file }),
      ),
    ),
    { numRuns: 1500 },
  ));

test('broken configurations, cut and mangled further', () => {
  const folder = new URL('broken/', import.meta.url);
  const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'latin1'));
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.nat(400),
      fc.nat(20),
      fc.string({ maxLength: 5 }),
      (text, from, length, put) => holdsFor(text.slice(0, from) + put + text.slice(from + length)),
    ),
    { numRuns: 2000 },
  );
});

test('files made to be slow or to fill the memory', () => {
  const many = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('');
  holdsFor(`a: ${'['.repeat(400_000)}`);
  holdsFor(`a: ${'{a: '.repeat(900)}`);
  holdsFor('- '.repeat(300_000));
  holdsFor(many(1200, (i) => `${' '.repeat(i)}a:\n`));
  holdsFor(many(20_000, (i) => `k${i}: 1\n`));
  holdsFor(`environments:\n${many(20_000, (i) => ` e${i}: {}\n`)}`);
  holdsFor(`a: &a [${'x,'.repeat(1000)}]\nb: [${'*a,'.repeat(10_000)}]\n`);
  assert.match(
    parseConfig(`# ${'x'.repeat(1_100_000)}`, 'f', adapters).problems[0]?.message ?? '',
    /at most 1000000/,
  );
});
