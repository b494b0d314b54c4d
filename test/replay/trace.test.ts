import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tickToJson, type Tick } from '../../src/judge/index.ts';
import { parseSynthetic, synthesise } from '../../src/replay/synthetic.ts';
import { readTrace, type TraceMeta } from '../../src/replay/trace.ts';
import { arm, NOON, tick } from './ticks.ts';

/** Reads a text in pieces of so many bytes. */
async function read(text: string, size = text.length) {
  const bytes = new TextEncoder().encode(text);
  async function* pieces() {
    for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
  }
  const ticks: Tick[] = [];
  let begun: { meta: TraceMeta; startedAt: number } | undefined;
  const problems = await readTrace(pieces(), {
    begin: (meta, startedAt) => {
      begun = { meta, startedAt };
    },
    tick: (one) => ticks.push(one),
  });
  return { ticks, begun, problems };
}

const line = (second: number) => JSON.stringify(tickToJson(tick(second, arm(3, 1), arm(30, 2))));

describe('a trace file', () => {
  it('is read whatever pieces it comes in, with or without a last line end', async () => {
    const text = `{"trace":1,"arms":"mirrored","canary":"1.5.0 é","interval_ms":1000}\n${line(1)}\n\n${line(2)}\r\n${line(3)}`;
    for (const size of [1, 7, 1 << 20]) {
      const { ticks, begun, problems } = await read(text, size);
      assert.deepEqual(problems, { told: [], count: 0 });
      assert.deepEqual(
        ticks.map(({ at }) => at - NOON),
        [1000, 2000, 3000],
      );
      assert.deepEqual(begun, {
        meta: {
          arms: 'mirrored',
          unit: 'request',
          canary: '1.5.0 é',
          baseline: 'stable',
          intervalMs: 1000,
          history: [],
        },
        startedAt: NOON,
      });
    }
  });

  it('tells by itself how far apart its ticks are', async () => {
    const { begun } = await read(`${line(60)}\n${line(120)}\n`);
    assert.deepEqual([begun?.meta.intervalMs, begun?.startedAt], [60_000, NOON]);
    assert.equal((await read(line(5))).begun?.startedAt, NOON + 4000, 'of one tick a second is taken');
  });

  it('tells every broken line with its number, and plays nothing after the first', async () => {
    const wrong = [
      line(1),
      line(2),
      'not JSON',
      '[]',
      '{"at":1}',
      line(3).replace('"requests":3', '"requests":-3'),
      line(3).replace('"errors":1', '"errors":4'),
      line(3).replace('"requests":3', '"requests":1e999'),
      line(1),
      '{"trace":1}',
      `"${'x'.repeat(1_000_001)}"`,
      line(4),
    ];
    const { ticks, problems } = await read(wrong.join('\n'), 50_000);
    assert.equal(ticks.length, 2);
    assert.equal(problems.count, 9);
    assert.deepEqual(
      problems.told.map(({ line: number }) => number),
      [3, 4, 5, 6, 7, 8, 9, 10, 11],
    );
    assert.match(problems.told[0]?.message ?? '', /not JSON/);
    assert.match(problems.told[3]?.message ?? '', /canary\.requests/);
    assert.match(problems.told[4]?.message ?? '', /4 errors in 3 requests/);
    assert.match(problems.told[6]?.message ?? '', /came after/);
    assert.match(problems.told[8]?.message ?? '', /too long/);
  });

  it('keeps the first of very many problems and counts the rest', async () => {
    const { problems } = await read('x\n'.repeat(5000));
    assert.deepEqual([problems.told.length, problems.count], [100, 5000]);
  });

  it('holds a tick at least, and says what its first line cannot say', async () => {
    assert.match((await read('')).problems.told[0]?.message ?? '', /not one tick/);
    for (const [meta, field] of [
      ['{"trace":2}', /trace/],
      ['{"trace":1,"arms":"both"}', /arms/],
      ['{"trace":1,"unit":"user"}', /unit/],
      ['{"trace":1,"interval_ms":0}', /interval_ms/],
    ] as const)
      assert.match((await read(`${meta}\n${line(1)}`)).problems.told[0]?.message ?? '', field);
  });
});

describe('a made trace', () => {
  const made = (spec: string, seed = 1) => {
    const ticks: Tick[] = [];
    synthesise(parseSynthetic(spec), seed, NOON, { begin: () => {}, tick: (one) => ticks.push(one) });
    return ticks;
  };
  const rate = (ticks: readonly Tick[], side: 'canary' | 'baseline') =>
    ticks.reduce((sum, one) => sum + one[side].errors, 0) /
    ticks.reduce((sum, one) => sum + one[side].requests, 0);

  it('does what its spec says, from its onset on', () => {
    const ticks = made('rps=300,errors=1%,canary-errors=0.05,onset=5m,duration=10m,instances=3');
    assert.equal(ticks.length, 600);
    const [before, after] = [ticks.slice(0, 300), ticks.slice(300)];
    const near = (found: number, expected: number) =>
      assert.ok(Math.abs(found / expected - 1) < 0.12, `${found} for ${expected}`);
    near(rate(before, 'canary'), 0.01);
    near(rate(after, 'canary'), 0.05);
    near(rate(ticks, 'baseline'), 0.01);
    near(ticks.reduce((sum, one) => sum + one.baseline.requests, 0) / 600, 300);
    for (const { baseline, stableInstances = [] } of ticks) {
      assert.equal(stableInstances.length, 3);
      assert.equal(
        stableInstances.reduce((sum, { requests }) => sum + requests, 0),
        baseline.requests,
      );
      assert.equal(
        stableInstances.reduce((sum, { errors }) => sum + errors, 0),
        baseline.errors,
      );
    }
    const slower = (q: number) =>
      ticks
        .flatMap(({ stableInstances = [] }) => stableInstances)
        .reduce((sum, { slow }) => sum + (slow?.[q] ?? 0), 0);
    const requests = ticks.reduce((sum, one) => sum + one.baseline.requests, 0);
    near(slower(1) / requests, 0.1);
    near(slower(2) / requests, 0.05);
  });

  it('is the same for the same seed, and another for another', () => {
    const of = (seed: number) => JSON.stringify(made('duration=20s', seed).map(tickToJson));
    assert.equal(of(5), of(5));
    assert.notEqual(of(5), of(6));
  });

  it('names the key that it does not understand', () => {
    const refused = (spec: string, pattern: RegExp) => assert.throws(() => parseSynthetic(spec), pattern);
    refused('rps=fast', /rps is not understood/);
    refused('errors=200%', /errors is not understood/);
    refused('onset=soon', /onset/);
    refused('speed=1', /there is no speed/);
    refused('rps=1000000', /asks for too much/);
    assert.equal(parseSynthetic('latency=100ms,canary-latency=+20%').canaryLatency, 120);
    assert.equal(parseSynthetic('').rps, 200);
  });
});
