import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { digestTree } from '../../src/sources/digest.ts';
import { write } from '../contracts/source.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'spillway-digest-'));
});
after(() => rmSync(root, { recursive: true }));

interface File {
  readonly path: string;
  readonly text: string;
  readonly program: boolean;
}

/** Files in folders, none of which is another's folder. */
const files = fc.uniqueArray(
  fc.record({
    path: fc
      .array(fc.constantFrom('a', 'b', 'B', 'ä', '.x', ' ', '\n', '"'), { minLength: 1, maxLength: 3 })
      .map((names) => [...names.slice(0, -1).map((name) => `d${name}`), `f${names.at(-1) ?? ''}`].join('/')),
    text: fc.string({ maxLength: 5 }),
    program: fc.boolean(),
  }),
  { selector: (file) => file.path, minLength: 1, maxLength: 6 },
);

let count = 0;
async function digestOf(tree: readonly File[], umask = 0): Promise<string> {
  const folder = join(root, String(++count));
  mkdirSync(folder);
  for (const { path, text, program } of tree) {
    write(folder, path, text);
    chmodSync(join(folder, path), (program ? 0o777 : 0o666) & ~umask);
    utimesSync(join(folder, path), count, count);
  }
  return await digestTree(folder);
}

it('does not depend on order, time, or mode bits other than the owner’s right to execute', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom(0o022, 0o027, 0o077), async (tree, umask) => {
      assert.equal(await digestOf(tree.toReversed(), umask), await digestOf(tree));
    }),
    { numRuns: 50 },
  );
});

it('depends on every path, content and kind', async () => {
  await fc.assert(
    fc.asyncProperty(
      files,
      fc.nat(),
      fc.constantFrom('path', 'text', 'program', 'gone'),
      async (tree, pick, what) => {
        const at = pick % tree.length;
        const changed = tree.flatMap((file, i): File[] => {
          if (i !== at) return [file];
          if (what === 'path') return [{ ...file, path: `${file.path}+` }];
          if (what === 'text') return [{ ...file, text: `${file.text}+` }];
          return what === 'program' ? [{ ...file, program: !file.program }] : [];
        });
        assert.notEqual(await digestOf(changed), await digestOf(tree));
      },
    ),
    { numRuns: 50 },
  );
});

it('tells a folder’s name from the names in it, and sees an empty folder', async () => {
  const folder = join(root, 'folders');
  write(folder, 'ab/c', 'x');
  const first = await digestTree(folder);
  renameSync(join(folder, 'ab'), join(folder, 'a'));
  renameSync(join(folder, 'a/c'), join(folder, 'a/bc'));
  const second = await digestTree(folder);
  mkdirSync(join(folder, 'empty'));
  assert.equal(new Set([first, second, await digestTree(folder)]).size, 3);
});
