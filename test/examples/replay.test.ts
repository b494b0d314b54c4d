import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const ROOT = join(import.meta.dirname, '..', '..');
const EXAMPLE = join(ROOT, 'examples', 'replay');

function spillway(...args: readonly string[]) {
  const { status, stdout } = spawnSync(join(ROOT, 'bin', 'spillway'), args, {
    cwd: EXAMPLE,
    encoding: 'utf8',
  });
  return { status, stdout };
}

describe('the replay example', () => {
  it('is rolled back after the release has gone bad', () => {
    const { status, stdout } = spillway('simulate', '--metrics', 'trace.jsonl');
    assert.equal(status, 3, stdout);
    const [, minutes = ''] = /\nrolled back after (\d+)m/.exec(stdout) ?? [];
    assert.ok(Number(minutes) >= 4 && Number(minutes) < 9, stdout);
    assert.match(spillway('simulate', '--metrics', 'trace.jsonl', '--compare').stdout, /\nmann_whitney /);
  });

  it('has a trace that is made again as its page says', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-'));
    t.after(() => rm(folder, { recursive: true }));
    const page = readFileSync(join(EXAMPLE, 'README.md'), 'utf8');
    const [, line = ''] = /^spillway (simulate --synthetic .*)--write trace\.jsonl$/m.exec(page) ?? [];
    spillway(...line.trim().split(' '), '--write', join(folder, 'trace.jsonl'));
    const made = await readFile(join(folder, 'trace.jsonl'), 'utf8');
    assert.ok(made === readFileSync(join(EXAMPLE, 'trace.jsonl'), 'utf8'), 'another trace');
  });
});
