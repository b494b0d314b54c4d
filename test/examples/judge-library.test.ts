import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'judge-library');
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc');

const LAST =
  /12:01:30 {2}issue: rollback {2}error-ratio .*\nerrors [\d.]+% on the canary against [\d.]+% on stable/;

test('the example judges its counts with the sources of this checkout', async () => {
  const { stdout } = await run(process.execPath, ['--conditions=spillway-source', join(EXAMPLE, 'judge.js')]);
  assert.match(stdout, /^12:00:10 {2}undecided /);
  assert.match(stdout, LAST);
});

/** Written as a user would. */
const CONSUMER = `
import { assess, createJudge, DEFAULT_SETTINGS, observe, tickFromJson, type Assessment, type JudgeSettings } from 'spillway/judge';
const settings: JudgeSettings = { ...DEFAULT_SETTINGS, warmUpMs: 0 };
const judge = createJudge(settings, 0);
const arm = { requests: 100, errors: 1, latency: [] };
observe(judge, tickFromJson({ at: 1000, canary: arm, baseline: arm }));
const context = { now: 1000, stepStartedAt: 0, minStepMs: 0, maxStepMs: 1e9, concurrentBaseline: true, certificateRequired: true, staleAfterMs: 30_000 };
const assessment: Assessment = assess(judge, context);
export const verdict: 'ok' | 'warning' | 'issue' | 'undecided' = assessment.verdict;
`;

test('what is published works by its name, with its types, and without anything else of the package', async (t) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'spillway-library-')));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const home = join(folder, 'node_modules', 'spillway');
  await mkdir(home, { recursive: true });
  await cp(join(ROOT, 'package.json'), join(home, 'package.json'));
  const info = join(folder, 'info.json');
  await run(TSC, [
    '-p',
    join(ROOT, 'src', 'tsconfig.pure.json'),
    '--outDir',
    join(home, 'dist'),
    '--tsBuildInfoFile',
    info,
  ]);

  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(join(folder, 'consumer.ts'), CONSUMER);
  const strict = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    '',
  ];
  await run(TSC, ['--noEmit', ...strict, join(folder, 'consumer.ts')], { cwd: folder }).catch(
    (error: unknown) => assert.fail(String((error as { stdout?: string }).stdout ?? error)),
  );

  await cp(EXAMPLE, folder, { recursive: true });
  const { stdout } = await run(process.execPath, ['judge.js', 'counts.jsonl'], { cwd: folder });
  assert.match(stdout, LAST);
});
