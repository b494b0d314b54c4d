import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { widthOf } from '../../src/cli/render/text.ts';
import { recordText } from '../../src/views/judge/write.ts';
import type { JudgeRecord } from '../../src/views/judge/record.ts';
import { golden } from '../support/golden.ts';
import { judged } from '../support/judged.ts';
import { run, temporaryFolder, type RunOptions } from '../support/running-cli.ts';

const ESCAPE = '\u001B';
const FOLDER = new URL('golden/', import.meta.url);
const BAD = judged({ errorRate: 0.03, seconds: 120 });
const GOOD = judged({ errorRate: 0.004, seconds: 120 });

async function withFile(context: TestContext, record: JudgeRecord) {
  const cwd = await temporaryFolder(context);
  const file = join(cwd, 'record.json');
  await writeFile(file, recordText(record));
  const spillway = (argv: readonly string[], options: RunOptions = {}) =>
    run(argv, { ...options, io: { cwd, ...options.io } });
  return { cwd, file, spillway };
}

describe('canary verify', () => {
  test('says so of a record that is what the judge said; it needs no server', async (t) => {
    const { spillway } = await withFile(t, BAD);
    const { code, out } = await spillway(['canary', 'verify', 'record.json']);
    assert.equal(code, 0, out);
    assert.match(out, /^verified: \d verdicts .* 120 ticks/);
  });

  test('says which verdict differs in what, and ends with 1', async (t) => {
    const forged = {
      ...BAD,
      ticks: BAD.ticks.map((tick, index) => (index === 40 ? oneMoreError(tick) : tick)),
    };
    const { spillway } = await withFile(t, forged);
    const { code, out } = await spillway(['canary', 'verify', 'record.json']);
    assert.equal(code, 1);
    assert.match(out, /NOT verified/);
    assert.match(out, /verdict \d of 2026-11-20T12:0\d:\d\dZ/);
    assert.match(out, /record\.evidence\.canary\.errors: \d+, but \d+ by the ticks/);
    const json = await spillway(['canary', 'verify', 'record.json', '-o', 'json']);
    assert.equal(json.code, 1);
    assert.ok((JSON.parse(json.out) as { differences: unknown[] }).differences.length > 3);
  });

  test('ends with 2 where there is nothing to verify, and says where', async (t) => {
    const { cwd, spillway } = await withFile(t, BAD);
    await writeFile(join(cwd, 'cut.json'), recordText(BAD).slice(0, -20));
    for (const [file, said] of [
      ['none.json', /no such file/],
      ['cut.json', /ends in the middle[^]*cut\.json/],
    ] as const) {
      const { code, err } = await spillway(['canary', 'verify', file]);
      assert.equal(code, 2, err);
      assert.match(err, said);
    }
    const { code } = await spillway(['canary', 'verify', '-'], { stdin: recordText(BAD) });
    assert.equal(code, 0);
  });
});

describe('canary compare', () => {
  for (const [name, record] of [
    ['bad', BAD],
    ['good', GOOD],
  ] as const)
    for (const columns of [80, 120])
      test(`shows a ${name} canary on ${columns} columns`, async (t) => {
        const { spillway } = await withFile(t, record);
        const io = { env: { NO_COLOR: '1' } };
        const { code, out } = await spillway(['canary', 'compare', '--record', 'record.json'], {
          columns,
          io,
        });
        assert.equal(code, 0, out);
        for (const line of out.split('\n')) assert.ok(widthOf(line) <= columns, line);
        golden(FOLDER, `compare-${name}-${columns}`, out);
      });

  test('is plain where there is no terminal, and in ASCII where the locale has no more', async (t) => {
    const { spillway } = await withFile(t, BAD);
    const argv = ['canary', 'compare', '--record', 'record.json'];
    const plain = await spillway(argv);
    assert.ok(!plain.out.includes(ESCAPE));
    const ascii = await spillway(argv, { io: { env: { LC_ALL: 'C' } } });
    assert.match(ascii.out, /^[\x20-\x7E\n]*$/);
    const colours = await spillway(argv, { columns: 80 });
    assert.ok(colours.out.includes(`${ESCAPE}[31missue`));
  });

  test('says all of it as JSON, and draws it', async (t) => {
    const { cwd, spillway } = await withFile(t, BAD);
    const argv = ['canary', 'compare', '--record', 'record.json', '--svg', 'evidence.svg', '-o', 'json'];
    const { code, out } = await spillway(argv);
    assert.equal(code, 0, out);
    const said = JSON.parse(out) as Record<string, Record<string, unknown>>;
    assert.equal(said['verdict']?.['rule'], 'error-ratio');
    assert.equal(said['canary']?.['requests'], 1800);
    const svg = await readFile(join(cwd, 'evidence.svg'), 'utf8');
    assert.match(svg, /^<svg [^]*Evidence that the canary is worse[^]*<\/svg>\n$/);
  });
});

const oneMoreError = (tick: JudgeRecord['ticks'][number]) => ({
  ...tick,
  canary: { ...tick.canary, errors: tick.canary.errors + 1 },
});
