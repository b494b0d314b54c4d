import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { root, trackedFiles } from './plant.ts';

const read = (path: string): Buffer => readFileSync(join(root, path));
const json = (path: string): unknown => JSON.parse(read(path).toString());

const tracked = trackedFiles();

describe('the tracked files', { skip: !tracked && 'this is no Git checkout' }, () => {
  const files = (tracked ?? []).map((path) => ({ path, content: read(path) }));

  it('hold no file above 500 kB', () => {
    assert.deepEqual(
      files.filter(({ content }) => content.length > 500_000).map(({ path }) => path),
      [],
    );
  });

  it('hold text only', () => {
    assert.deepEqual(
      files.filter(({ content }) => content.includes(0)).map(({ path }) => path),
      [],
    );
  });

  it('switch off no lint rule and no type check', () => {
    const excuse = /(?:lint-disable|@ts-(?:ignore|expect-error|nocheck)|prettier-ignore)/;
    assert.deepEqual(
      files.filter(
        ({ path, content }) => /^(src|bench|demo)\//.test(path) && excuse.test(content.toString()),
      ),
      [],
    );
  });

  it('hold shell scripts that parse', () => {
    const scripts = files.flatMap(({ path, content }) => {
      const shell = /^#!.*\b(sh|bash)\n/.exec(content.toString())?.[1];
      return shell ? [{ path, shell }] : [];
    });
    for (const { path, shell } of scripts) execFileSync(shell, ['-n', path], { cwd: root });
    assert.ok(scripts.length >= 5, 'the scripts were found');
  });
});

describe('the package files', () => {
  it('name no download address in the lock file, so that every registry will do', () => {
    const { packages } = json('package-lock.json') as { packages: Record<string, { resolved?: string }> };
    const addressed = Object.entries(packages).filter(([, { resolved }]) => resolved?.includes('://'));
    assert.deepEqual(addressed, []);
    assert.ok(Object.keys(packages).length > 100, 'the lock file was read');
  });

  it('say the same oldest Node to npm and to its own scripts', () => {
    const { engines } = json('package.json') as { engines: { node: string } };
    assert.equal(engines.node, '>=22.19');
    assert.match(read('scripts/node.sh').toString(), /-gt 22 \].*-eq 22 \].*-ge 19 \]/);
  });
});
