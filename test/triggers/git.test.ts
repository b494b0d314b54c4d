import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { gitTrigger, parsePostReceive, postReceiveHook } from '../../src/triggers/git/index.ts';
import { refProblem } from '../../src/triggers/git-ref.ts';
import { eventOf, requestOf, triggerContract } from '../contracts/trigger.ts';

const trigger = gitTrigger();
const SHA = '8c1f2e9a0b7d4c5e6f708192a3b4c5d6e7f80912';
const ZERO = '0'.repeat(40);
const report = { oldSha: ZERO, newSha: SHA, ref: 'refs/heads/main', actor: 'ada', deliveryId: 'd-1' };
const json = { 'content-type': 'application/json' };
const reportOf = (changes: object) => requestOf(json, JSON.stringify({ ...report, ...changes }));

triggerContract('git', trigger, () => reportOf({}));

describe('reports of a post-receive hook', () => {
  it('a new branch, a tag, a deleted branch', async () => {
    const event = eventOf(await trigger.receive(reportOf({ application: 'shop' })));
    assert.deepEqual(
      [event.type, event.gitRef, event.commitSha, event.metadata],
      ['push', 'refs/heads/main', SHA, { before: null, created: true, application: 'shop' }],
    );
    assert.equal(eventOf(await trigger.receive(reportOf({ ref: 'refs/tags/v1' }))).type, 'tag');
    const deleted = await trigger.receive(reportOf({ oldSha: SHA, newSha: ZERO }));
    assert.ok(deleted.ok && deleted.event === null);
  });

  const wrong: ReadonlyArray<readonly [object, string]> = [
    [{ ref: '--exec=x' }, 'ref'],
    [{ newSha: 'HEAD' }, 'newSha'],
    [{ actor: '' }, 'actor'],
    [{ deliveryId: '../x' }, 'deliveryId'],
    [{ extra: 1 }, 'extra'],
  ];
  for (const [changes, field] of wrong)
    it(`refused: ${JSON.stringify(changes)}`, async () => {
      const received = await trigger.receive(reportOf(changes));
      assert.deepEqual(!received.ok && [received.status, received.field], [400, field]);
    });
});

test('what Git tells the hook is read line by line', () => {
  const stdin = `${ZERO} ${SHA} refs/heads/main\n${SHA} ${ZERO} refs/heads/a b\n\nnonsense\n`;
  assert.deepEqual(parsePostReceive(stdin), [
    { oldSha: ZERO, newSha: SHA, ref: 'refs/heads/main' },
    { oldSha: SHA, newSha: ZERO, ref: 'refs/heads/a b' },
  ]);
});

test('a real repository runs the hook, with its words as they are', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-hook-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: folder,
      stdio: 'pipe',
      encoding: 'utf8',
    });
  try {
    git('init', '--bare', '-q', 'bare.git');
    git('init', '-q', '-b', 'main', 'work');
    const told = join(folder, "it's told");
    const hook = join(folder, 'bare.git/hooks/post-receive');
    writeFileSync(hook, postReceiveHook(['sh', '-c', 'cat > "$1"', 'x', told]));
    chmodSync(hook, 0o755);
    git('-C', 'work', 'commit', '-q', '--allow-empty', '-m', 'one');
    git('-C', 'work', 'push', '-q', '../bare.git', 'main', 'main:refs/heads/$(id);x');
    const sha = git('-C', 'work', 'rev-parse', 'main').trim();
    assert.deepEqual(
      parsePostReceive(readFileSync(told, 'utf8')).toSorted((a, b) => (a.ref < b.ref ? -1 : 1)),
      ['refs/heads/$(id);x', 'refs/heads/main'].map((ref) => ({ oldSha: ZERO, newSha: sha, ref })),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('refs are judged as git check-ref-format judges them', () => {
  const accepted = (ref: string) => {
    try {
      execFileSync('git', ['check-ref-format', ref], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  const part = fc.constantFrom(
    'a',
    'main',
    '.',
    '..',
    '/',
    '@',
    '{',
    '@{',
    '.lock',
    ' ',
    '~',
    '*',
    '\\',
    '-',
    ';',
    '$(x)',
    'é',
    '\x7f',
    ':',
  );
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (parts) => {
      const name = parts.join('');
      if (name.startsWith('-')) return; // refused here, as git branch does
      const ref = `refs/heads/${name}`;
      assert.equal(refProblem(ref) === undefined, accepted(ref), ref);
    }),
    { numRuns: 150 },
  );
});
