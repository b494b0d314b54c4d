import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { History, type Push } from '../../demo/history.ts';
import { RELEASES, type ReleaseName } from '../../demo/releases.ts';

const folder = mkdtempSync(join(tmpdir(), 'spillway-history-'));
after(() => rmSync(folder, { recursive: true }));

const history = new History(folder, 9999);
const pushes = new Map<ReleaseName, Push>();
for (const release of RELEASES) {
  history.commit(release);
  pushes.set(release.name, history.push());
}

const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', history.origin, ...args], { encoding: 'utf8' }).trim();
const commitOf = (name: ReleaseName) => pushes.get(name)?.after ?? '';
const changed = (from: ReleaseName, to: ReleaseName) =>
  git('diff', '--name-only', commitOf(from), commitOf(to)).split('\n').toSorted();

test('each push moves the branch from the release before', () => {
  const told = [...pushes.values()];
  assert.deepEqual(
    told.slice(1).map(({ before }) => before),
    told.slice(0, -1).map(({ after: commit }) => commit),
  );
  assert.equal(git('rev-parse', 'main'), commitOf('v7'));
});

test('tags stand on their commits', () => {
  for (const { name, tag } of RELEASES) assert.equal(git('rev-parse', tag), commitOf(name), name);
});

test('a bad release is taken back before the next', () => {
  assert.deepEqual(changed('v2', 'v5'), ['pages.js', 'warehouse.js']);
  assert.deepEqual(changed('v2', 'v7'), ['prices.js']);
});

test('v6 is the code of v2 with another configuration', () => {
  assert.deepEqual(changed('v2', 'v6'), ['spillway.yaml']);
});

test('every release passes the test that is its gate', () => {
  const copy = join(folder, 'copy');
  execFileSync('git', ['clone', '--quiet', history.origin, copy]);
  for (const { name } of RELEASES) {
    execFileSync('git', ['-C', copy, 'checkout', '--quiet', commitOf(name)], { stdio: 'ignore' });
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    execFileSync(process.execPath, ['--test'], { cwd: copy, stdio: 'ignore', env });
  }
});
