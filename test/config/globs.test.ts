import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { globProblem, matchesGlobs } from '../../src/config/globs.ts';

// The examples of GitHub's "filter pattern cheat sheet", and what lies just beside them.
const cases: ReadonlyArray<readonly [glob: string, matching: readonly string[], others: readonly string[]]> =
  [
    ['feature/*', ['feature/my-branch', 'feature/'], ['feature/a/b', 'feature']],
    ['feature/**', ['feature/beta-a/my-branch', 'feature/mona/the/octocat'], ['features/x']],
    ['*', ['main', 'releases'], ['all/the/branches']],
    ['**', ['all/the/branches', 'every/tag', ''], []],
    ['*feature', ['mona-feature', 'feature', 'ver-10-feature'], ['feature-1', 'a/feature']],
    ['v2*', ['v2', 'v2.0', 'v2.9'], ['v1.2']],
    ['v[12].[0-9]+.[0-9]+', ['v1.10.1', 'v2.0.0'], ['v3.0.0', 'v1.x.0', 'v1..0']],
    ['*.jsx?', ['page.js', 'page.jsx'], ['page.jsxx', 'a/page.js']],
    ['**.js', ['index.js', 'js/index.js', 'src/js/app.js'], ['index.jsx']],
    [
      'docs/**/*.md',
      ['docs/README.md', 'docs/mona/hello-world.md', 'docs/a/b/c.md'],
      ['docs/README.txt', 'adocs/x.md'],
    ],
    [
      '**/docs/**',
      ['docs/hello.md', 'dir/docs/my-file.txt', 'space/docs/plan/space.doc'],
      ['mydocs/hello.md'],
    ],
    ['**/README.md', ['README.md', 'js/README.md'], ['js/XREADME.md']],
    ['**/*src/**', ['a/src/app.js', 'my-src/code/js/app.js'], ['src.js']],
    ['**/*-post.md', ['my-post.md', 'path/their-post.md'], ['post.md']],
    ['release\\*', ['release*'], ['release1']],
  ];

for (const [glob, matching, others] of cases)
  test(`glob ${glob}`, () => {
    for (const text of matching) assert.ok(matchesGlobs([glob], text), `${text} matches`);
    for (const text of others) assert.ok(!matchesGlobs([glob], text), `${text} does not match`);
  });

test('! takes out again, and later globs let in again', () => {
  const globs = ['releases/**', '!releases/**-alpha', 'releases/keep-alpha'];
  assert.ok(matchesGlobs(globs, 'releases/10'));
  assert.ok(!matchesGlobs(globs, 'releases/10-alpha'));
  assert.ok(matchesGlobs(globs, 'releases/keep-alpha'));
});

test('globs agree with a plain regular expression', () => {
  const part = fc.constantFrom('a', 'b', '/', '*', '**', '[ab]', 'a?', 'b+');
  const toRegExp: Record<string, string> = { '*': '[^/]*', '**': '.*' };
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 }),
      (parts, text) => {
        const glob = parts.join('');
        const meets = parts.some((one, i) => one.startsWith('*') && (parts[i + 1]?.startsWith('*') ?? false));
        if (meets || glob.includes('**/') || globProblem(glob)) return;
        const twin = new RegExp(`^(?:${parts.map((one) => toRegExp[one] ?? one).join('')})$`);
        assert.equal(matchesGlobs([glob], text), twin.test(text), `${glob} on ${text}`);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a glob made to be slow is not', () => {
  assert.ok(!matchesGlobs(['*a'.repeat(100) + 'b'], 'a'.repeat(5000)));
});
