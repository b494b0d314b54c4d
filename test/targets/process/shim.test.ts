import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { shimProgram } from '../../../src/targets/process/layout.ts';

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'spillway-shim-'));
});
after(() => rmSync(root, { recursive: true }));

async function shim(folder: string, script: string): Promise<void> {
  await once(
    spawn('/bin/sh', [shimProgram(), folder, 'sh', '-c', script], { detached: true, stdio: 'ignore' }),
    'exit',
  );
}

it('runs the command once, however many shims are started on one folder', async () => {
  const folder = join(root, 'crowd');
  mkdirSync(folder);
  await Promise.all(Array.from({ length: 20 }, () => shim(folder, 'sleep 0.2; echo ran; exit 9')));
  assert.equal(readFileSync(join(folder, 'out.log'), 'utf8'), 'ran\n');
  assert.equal((JSON.parse(readFileSync(join(folder, 'exit'), 'utf8')) as { code: number }).code, 9);
});

for (const [script, code] of [
  ['exit 0', 0],
  ['exit 3', 3],
  ['no-such-program', 127],
  ['kill -INT $$', 130],
  ['kill -KILL $$', 137],
  ['kill -SEGV $$', 139],
  ['kill -TERM $$', 143],
] as const)
  it(`records ${code} for ${script}`, async () => {
    const folder = join(root, String(code));
    mkdirSync(folder);
    await shim(folder, script);
    const exit = JSON.parse(readFileSync(join(folder, 'exit'), 'utf8')) as { code: number; at: number };
    assert.equal(exit.code, code);
    assert.ok(Math.abs(exit.at - Date.now()) < 60_000);
  });
