import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Finding, plant, type Planted } from './plant.ts';

/** The layer table in words of its own: each place in src/, and the other places that it may import. */
const table: Record<string, string> = {
  core: '',
  judge: '',
  ledger: '',
  ports: 'core judge',
  config: 'core',
  edge: 'core judge',
  exec: 'core ports',
  store: 'core ledger ports config',
  sources: 'core ports config exec',
  targets: 'core ports config exec',
  traffic: 'core ports config edge',
  metrics: 'core ports config',
  gates: 'core ports config exec',
  triggers: 'core ports config',
  notifiers: 'core ports config',
  engine: 'core judge ledger ports config',
  views: 'core judge ledger ports config',
  replay: 'core judge ledger ports config engine views',
  backup: 'core ledger ports config exec store',
  http: 'core judge ledger ports config engine views',
  cli: 'core judge ledger ports config engine views replay edge backup http',
  registry:
    'core judge ledger ports config edge exec engine views store sources targets traffic metrics gates triggers notifiers',
  server:
    'core judge ledger ports config edge exec engine views replay store sources targets traffic metrics gates triggers notifiers backup http cli registry',
  main: 'core judge ledger ports config edge exec engine views replay store sources targets traffic metrics gates triggers notifiers backup http cli registry server',
};
const places = Object.keys(table);
const adapters = ['store', 'sources', 'targets', 'traffic', 'metrics', 'gates', 'triggers', 'notifiers'];
const isFile = (place: string): boolean => place === 'registry' || place === 'main';

/** A module of the place, as seen from src/. */
const moduleOf = (place: string): string => (isFile(place) ? `${place}.ts` : `${place}/thing.ts`);

/** For each pair of places an import of the one by the other, directly and from a folder within: [file, line, text, wanted]. */
function* pairs(): Generator<{ from: string; wanted: string; file: string; text: string }> {
  for (const from of places.filter((place) => !isFile(place)))
    for (const wanted of places.filter((place) => place !== from))
      for (const [inner, up] of [
        ['', '../'],
        ['inner/', '../../'],
      ])
        yield {
          from,
          wanted,
          file: `src/${from}/${inner}imports-${wanted}.ts`,
          text: `import type { thing } from '${up}${moduleOf(wanted)}';\nexport type It = typeof thing;\n`,
        };
}

/** What no folder may do, and the ways to say the same import that a rule could overlook. */
const special: Record<string, string> = {
  'src/core/every-way.ts': [
    `import '../store/thing.ts';`,
    `import { thing } from '../store/thing.ts';`,
    `import type { thing as Type } from '../store/thing.ts';`,
    `export { thing as again } from '../store/thing.ts';`,
    `export * from '../store/thing.ts';`,
    `export const later = () => import('../store/thing.ts');`,
    `export type Hidden = import('../store/thing.ts').Hidden;`,
    `export const round = () => import('../../src/store/thing.ts');`,
    `export const computed = (name: string) => import(name);`,
    `export const absolute = () => import('/src/core/thing.ts');`,
    `export const outside = () => import('../../test/thing.ts');`,
    `export const tried: [typeof thing, Type] = [thing, thing];`,
  ].join('\n'),
  'src/targets/ssh/sibling.ts': `export * from '../process/thing.ts';`,
  'src/targets/ssh/own.ts': `export * from './parts/thing.ts';`,
  'src/targets/ssh/common.ts': `export * from '../thing.ts';`,
  'src/novelty/thing.ts': `export const thing = 1;`,
  'src/novelty.ts': `export const thing = 1;`,
  'src/registry.ts': [
    ...adapters.map((folder) => `export const ${folder} = () => import('./${folder}/thing.ts');`),
    `export type { thing } from './targets/thing.ts';`,
    `export { thing as eager } from './targets/thing.ts';`,
    `export { thing as face } from './http/thing.ts';`,
    `export { thing as root } from './main.ts';`,
  ].join('\n'),
  'src/main.ts': places
    .filter((place) => place !== 'main')
    .map((place) => `export { thing as ${place} } from './${moduleOf(place)}';`)
    .join('\n'),
};

describe('the layer table', () => {
  let tree: Planted;
  let broken: Finding[];

  before(() => {
    const files = new Map(Object.entries(special));
    for (const { file, text } of pairs()) files.set(file, text);
    for (const place of places.filter((name) => !isFile(name)))
      files.set(`src/${place}/thing.ts`, 'export const thing = 1;\n');
    tree = plant(files);
    broken = tree.lint().filter(({ rule }) => rule === 'house(layers)');
  });
  after(() => tree.remove());

  const linesOf = (file: string): number[] =>
    broken
      .filter((finding) => finding.file === file)
      .map(({ line }) => line)
      .sort((a, b) => a - b);

  for (const from of places.filter((place) => !isFile(place)))
    it(`${from} imports ${table[from] || 'nothing'}, and nothing else`, () => {
      const row = [...pairs()].filter((pair) => pair.from === from);
      for (const { wanted, file } of row)
        assert.deepEqual(linesOf(file), table[from]?.split(' ').includes(wanted) ? [] : [1], file);
      assert.deepEqual(linesOf(`src/${from}/thing.ts`), [], 'the clean twin');
    });

  it('sees every way to say an import', () => {
    assert.deepEqual(linesOf('src/core/every-way.ts'), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('keeps an adapter from its sibling, not from its own parts or what the port shares', () => {
    assert.deepEqual(linesOf('src/targets/ssh/sibling.ts'), [1]);
    assert.deepEqual(linesOf('src/targets/ssh/own.ts'), []);
    assert.deepEqual(linesOf('src/targets/ssh/common.ts'), []);
  });

  it('knows no folder and no file beside the table', () => {
    assert.deepEqual(linesOf('src/novelty/thing.ts'), [1]);
    assert.deepEqual(linesOf('src/novelty.ts'), [1]);
  });

  it('lets the registry load adapters when they are used, and never faces or the root', () => {
    const first = adapters.length;
    assert.deepEqual(linesOf('src/registry.ts'), [first + 2, first + 3, first + 4]);
  });

  it('leaves the composition root free', () => {
    assert.deepEqual(linesOf('src/main.ts'), []);
  });
});
