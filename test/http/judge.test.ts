import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assess, createJudge, DEFAULT_SETTINGS, observe, tickFromJson } from '../../src/judge/index.ts';
import { failCanary, look, midCanary, NOON } from '../support/history.ts';
import { startServer } from '../support/running-cli.ts';
import { watchRollout } from '../support/watched.ts';
import { readRecord } from '../../src/views/judge/record.ts';
import { verifyRecord } from '../../src/views/judge/verify.ts';
import { ask, post } from './asking.ts';

/** A canary that fails four times as often, ten seconds a tick. */
const ticks = (n: number, errors = 4) =>
  Array.from({ length: n }, (_, i) => ({
    at: NOON + (i + 1) * 10_000,
    canary: { requests: 100, errors, latency: [300, 100], crashes: 0, instance_minutes: 0.2 },
    baseline: { requests: 900, errors: 9, latency: [300, 900], crashes: 0, instance_minutes: 0.2 },
  }));
const settings = { warmUpMs: 0 };

describe('POST /api/v1/judge', () => {
  test('judges what is sent, as the judge itself does', async (t) => {
    const { server } = await startServer(t);
    const sent = ticks(30);
    const answer = await post(server.socket, '/api/v1/judge', { settings, started_at: NOON, ticks: sent });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json['verdict'], 'issue');
    assert.equal(answer.json['value'], -1);
    const judge = createJudge({ ...DEFAULT_SETTINGS, ...settings }, NOON);
    for (const tick of sent) observe(judge, tickFromJson(tick));
    const { context } = answer.json['record'] as { context: Parameters<typeof assess>[1] };
    assert.deepEqual(answer.json, { ...JSON.parse(JSON.stringify(assess(judge, context))), value: -1 });
  });

  test('says ok of a healthy canary, and undecided while that is not shown', async (t) => {
    const { server } = await startServer(t);
    const verdictAfter = async (n: number) => {
      const body = { settings, started_at: NOON, ticks: ticks(n, 1) };
      const { json } = await post(server.socket, '/api/v1/judge', body);
      return [json['verdict'], json['value']];
    };
    assert.deepEqual(await verdictAfter(2), ['undecided', 0]);
    assert.deepEqual(await verdictAfter(60), ['ok', 1]);
  });

  test('names the place of what is wrong', async (t) => {
    const { server } = await startServer(t);
    const [first] = ticks(1);
    assert.ok(first);
    const body = { started_at: NOON, ticks: [first] };
    const crowd = { ...first.baseline, requests: 2 ** 32 - 1, latency: [300, 2 ** 32 - 1] };
    const { mannWhitney, ...plain } = DEFAULT_SETTINGS.plain;
    const lookback = { ...plain, mannWhitney: { ...mannWhitney, lookback: 1e6 } };
    const cases: readonly [unknown, string, RegExp][] = [
      [{ ...body, settings: { alpha: 2 } }, 'settings.alpha', /alpha/],
      [{ ...body, settings: { gates: 3 } }, 'settings.gates', /object/],
      [{ ...body, settings: { rule: 'dice' } }, 'settings.rule', /rule/],
      [{ ...body, settings: { shrug: 1 } }, 'settings', /shrug/],
      [{ ...body, settings: { rule: 'fixed', windowMs: 1e12 } }, 'settings.windowMs', /10000 times/],
      [{ ...body, settings: { plain: lookback } }, 'settings.plain.mannWhitney.lookback', /1000/],
      [
        { ...body, ticks: [1, 2].map((i) => ({ ...first, at: NOON + i, baseline: crowd })) },
        'ticks.1',
        /more answers than can be counted/,
      ],
      [{ ...body, context: { minStepMs: -1 } }, 'context.minStepMs', /minStepMs/],
      [{ ...body, ticks: [] }, 'ticks', /at least one/],
      [
        { ...body, ticks: [{ ...first, canary: { ...first.canary, errors: -1 } }] },
        'ticks.0',
        /canary\.errors/,
      ],
      [{ ...body, ticks: [first, { ...first, at: 5 }] }, 'ticks.1', /came after/],
      [{ ...body, ticks: [{ ...first, canary: { ...first.canary, errors: 101 } }] }, 'ticks.0', /101 errors/],
      [{ ticks: [first] }, 'started_at', /started_at/],
    ];
    for (const [sent, where, said] of cases) {
      const answer = await post(server.socket, '/api/v1/judge', sent);
      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.json['where'], where, answer.text);
      assert.match(String(answer.json['detail']), said);
    }
  });

  test('refuses what is too large, and stays well', async (t) => {
    const { server, errors } = await startServer(t);
    const answer = await ask(server.socket, '/api/v1/judge', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': String(9 * 1024 * 1024) },
      body: ' '.repeat(9 * 1024 * 1024),
    }).catch(() => ({ status: 413 }));
    assert.equal(answer.status, 413);
    assert.deepEqual(errors, []);
  });
});

test('GET /api/v1/deployments/:id/judge is the record, which can be judged again', async (t) => {
  const { controlPlane, server } = await startServer(t);
  const { deployment, rows, latest } = watchRollout(controlPlane.world(), 60);
  controlPlane.sync();
  const { id } = deployment;
  const path = `/api/v1/deployments/${id}/judge`;
  assert.equal((await ask(server.socket, path)).status, 404, 'nothing was looked at');
  controlPlane.series.set(id, rows);
  controlPlane.assessments.set(id, { deployment: id, assessment: latest, counts: {} });
  const { text, status } = await ask(server.socket, path);
  assert.equal(status, 200, text);
  const record = readRecord(text, 'answer');
  assert.deepEqual(
    [record.deployment, record.ticks.length, record.latest?.verdict],
    [id, 60, latest.verdict],
  );
  assert.deepEqual(verifyRecord(record, 'answer').differences, []);
});

describe('GET /api/v1/lanes/:application/:environment/verdict', () => {
  test('is what the judge says now, in one word and one number', async (t) => {
    const { controlPlane, server } = await startServer(t);
    const { world, deployment } = midCanary(controlPlane);
    const path = '/api/v1/lanes/shop/production/verdict';
    const before = await ask(server.socket, path);
    assert.deepEqual([before.json['verdict'], before.json['value']], ['undecided', 0]);
    const assessment = look(world.now, 0.01, 24);
    controlPlane.assessments.set(deployment, { deployment, assessment, counts: {} });
    const { json } = await ask(server.socket, path);
    assert.equal(json['verdict'], 'ok');
    assert.equal(json['value'], 1);
    assert.equal(json['version'], '1.5.0');
    assert.equal(json['record'], undefined);
  });

  test('stays harm after a rollback; an older version keeps its own, an unknown one is an error', async (t) => {
    const { controlPlane, server } = await startServer(t);
    const { world, deployment } = midCanary(controlPlane);
    failCanary(world, deployment);
    const path = '/api/v1/lanes/shop/production/verdict';
    assert.equal((await ask(server.socket, `${path}?version=1.5.0`)).json['value'], -1);
    assert.equal((await ask(server.socket, `${path}?version=1.4.0`)).json['value'], 1);
    assert.equal((await ask(server.socket, `${path}?version=9.9.9`)).status, 404);
    assert.equal((await ask(server.socket, '/api/v1/lanes/shop/nowhere/verdict')).status, 404);
  });
});
