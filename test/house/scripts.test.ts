import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { root } from './plant.ts';

let checkout: string;

beforeEach(() => {
  checkout = realpathSync(mkdtempSync(join(tmpdir(), 'spillway-scripts-')));
  for (const path of ['scripts', 'bin', 'package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(root, path), join(checkout, path), { recursive: true });
});
afterEach(() => rmSync(checkout, { recursive: true }));

/** Puts a command in front of the machine's own: installing for real is proved by `make prove-npm`. */
function stub(name: string, body: string): void {
  mkdirSync(join(checkout, 'stubs'), { recursive: true });
  writeFileSync(join(checkout, 'stubs', name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(checkout, 'stubs', name), 0o755);
}

function run(command: string, args: string[] = [], env: NodeJS.ProcessEnv = {}) {
  const PATH = `${join(checkout, 'stubs')}:${dirname(process.execPath)}:${process.env['PATH']}`;
  const { CI: _, ...inherited } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...inherited, PATH, ...env },
  });
  return { status, stdout, stderr };
}

describe('setup.sh', () => {
  const setup = (args: string[] = [], env: NodeJS.ProcessEnv = {}) =>
    run(join(checkout, 'scripts/setup.sh'), args, env);
  const calls = (): string[] =>
    existsSync(join(checkout, 'calls'))
      ? readFileSync(join(checkout, 'calls'), 'utf8').trim().split('\n')
      : [];

  beforeEach(() => stub('npm', 'echo "$1" >>calls; mkdir -p node_modules'));

  it('installs once, says so, and is silent afterwards', () => {
    const first = setup();
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /installing the npm packages/);
    assert.deepEqual(setup(), { status: 0, stdout: '', stderr: '' });
    assert.deepEqual(calls(), ['ci']);
  });

  it('installs again when the lock file changed', () => {
    setup();
    appendFileSync(join(checkout, 'package-lock.json'), '\n');
    setup();
    assert.deepEqual(calls(), ['ci', 'ci']);
  });

  it('tries again after a failure', () => {
    stub('npm', 'echo "$1" >>calls; mkdir -p node_modules; exit 1');
    assert.equal(setup().status, 1);
    assert.equal(setup().status, 1);
    assert.deepEqual(calls(), ['ci', 'ci']);
  });

  it('leaves out with its reason what it may not install, which is an error in CI', () => {
    stub('id', 'echo 1000');
    writeFileSync(join(checkout, 'scripts/debian-packages.txt'), 'test no-such-command some-package why\n');
    setup();
    const { status, stdout } = setup(['test']);
    assert.equal(status, 0);
    assert.match(stdout, /left out some-package: (not root|this is not Debian)/);
    assert.deepEqual(setup(['bench']), { status: 0, stdout: '', stderr: '' });

    const inCi = setup(['test'], { CI: 'true' });
    assert.equal(inCi.status, 1);
    assert.match(inCi.stderr, /some-package is missing: /);
  });
});

describe('node.sh', () => {
  const chosen = (version: string): 'the machine' | 'pinned' => {
    stub('node', `[ "$1" = -v ] && echo ${version} || echo the machine`);
    const { status, stdout, stderr } = run(join(checkout, 'scripts/node.sh'), ['-p', '1']);
    if (stdout.trim() === 'the machine') return 'the machine';
    assert.equal(status, 1);
    assert.match(stderr, /Node 22\.19 or later is needed.*make setup/);
    return 'pinned';
  };

  it("takes the machine's Node from 22.19 on, and else looks for the pinned one", () => {
    for (const version of ['v22.19.0', 'v22.21.3', 'v24.0.0', 'v26.1.0'])
      assert.equal(chosen(version), 'the machine', version);
    for (const version of ['v20.20.2', 'v22.18.9', 'v18.19.0'])
      assert.equal(chosen(version), 'pinned', version);
  });
});

describe('bin/spillway', () => {
  const launch = (path: string) => run(join(checkout, path), ['status', 'two words']);

  beforeEach(() => {
    mkdirSync(join(checkout, 'src'));
    mkdirSync(join(checkout, 'elsewhere'));
    writeFileSync(join(checkout, 'src/main.ts'), 'console.log(JSON.stringify(process.argv.slice(2)));\n');
  });

  it('runs src/main.ts with its arguments, also through symbolic links', () => {
    mkdirSync(join(checkout, 'node_modules'));
    writeFileSync(join(checkout, 'node_modules/.package-lock.json'), '{}');
    symlinkSync(join(checkout, 'bin/spillway'), join(checkout, 'elsewhere/absolute'));
    symlinkSync('absolute', join(checkout, 'elsewhere/relative'));
    for (const path of ['bin/spillway', 'elsewhere/absolute', 'elsewhere/relative'])
      assert.deepEqual(launch(path), { status: 0, stdout: '["status","two words"]\n', stderr: '' });
  });

  it('says what to run when the packages are missing', () => {
    const { status, stderr } = launch('bin/spillway');
    assert.equal(status, 1);
    assert.equal(stderr, `spillway: its packages are not installed; run 'make setup' in ${checkout}\n`);
  });
});
