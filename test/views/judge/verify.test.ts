import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SpillwayError } from '../../../src/core/errors.ts';
import { readRecord, type JudgeRecord } from '../../../src/views/judge/record.ts';
import { verifyRecord, type Verification } from '../../../src/views/judge/verify.ts';
import { recordText } from '../../../src/views/judge/write.ts';
import { judged } from '../../support/judged.ts';

const HONEST = judged({ errorRate: 0.03, seconds: 120 });
const TEXT = recordText(HONEST);

const verify = (text: string): Verification => verifyRecord(readRecord(text, 'file'), 'file');

/** The record with one thing changed. */
function forged(change: (record: Writable<JudgeRecord>) => void): Verification {
  const record = JSON.parse(TEXT) as Writable<JudgeRecord>;
  change(record);
  return verify(JSON.stringify(record));
}

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

const fieldsOf = ({ differences }: Verification) => differences.map(({ field }) => field);

describe('a record that nobody touched', () => {
  test('is verified, with every verdict on the way to an issue', () => {
    const rules = HONEST.verdicts.map(({ rule }) => rule);
    assert.equal(rules[0], 'step-time');
    assert.equal(HONEST.verdicts.at(-1)?.verdict, 'issue');
    const result = verify(TEXT);
    assert.deepEqual(result.differences, []);
    assert.deepEqual(result, { verified: true, verdicts: rules.length, ticks: 120, differences: [] });
  });

  test('is written one tick a line', () => {
    assert.deepEqual(JSON.parse(TEXT), JSON.parse(JSON.stringify(HONEST)));
    assert.ok(TEXT.split('\n').length > 120);
  });

  test('is verified with why there were no newer counts', () => {
    const { verdicts } = HONEST;
    const [first] = verdicts;
    assert.ok(first);
    const context = { ...first.record.context, trouble: 'the server of metrics is away' };
    const told = { ...first, record: { ...first.record, context } };
    assert.deepEqual(
      verify(recordText({ ...HONEST, verdicts: [told, ...verdicts.slice(1)] })).differences,
      [],
    );
  });

  test('is verified with its latest look too', () => {
    const latest = HONEST.verdicts.at(-1) ?? null;
    assert.ok(verify(recordText({ ...HONEST, latest })).verified);
    const lie = latest && { ...latest, reason: `${latest.reason}!` };
    assert.ok(!verify(recordText({ ...HONEST, latest: lie })).verified);
  });
});

describe('one thing changed', () => {
  const cases: readonly [string, (record: Writable<JudgeRecord>) => void, RegExp][] = [
    ['an error more', ({ ticks: [, , , tick] }) => tick && tick.canary.errors++, /errors$/],
    [
      'an error less of stable',
      ({ ticks }) => {
        const tick = ticks.slice(35).find(({ baseline }) => baseline.errors > 0);
        if (tick) tick.baseline.errors--;
      },
      /baseline\.errors$/,
    ],
    ['a request more', ({ ticks: [tick] }) => tick && tick.canary.requests++, /start\.requests$/],
    [
      'a slower answer',
      ({ ticks }) => {
        const latency = ticks[40]?.canary.latency;
        if (latency) latency[latency.length - 2] = 700;
      },
      /limits\.1\.canary\.events$/,
    ],
    ['a crash', ({ ticks: [tick] }) => tick && tick.canary.crashes++, /crash|limits/],
    ['a tick left out', ({ ticks }) => ticks.splice(40, 1), /requests$/],
    ['another alpha', ({ settings }) => (settings.alpha = 0.02), /alpha$/],
    ['another start', (record) => (record.started_at -= 5000), /warmUpEndsAt$/],
    [
      'a verdict turned',
      ({ verdicts }) => {
        const last = verdicts.at(-1);
        if (last) last.verdict = 'ok';
      },
      /^verdict$/,
    ],
    [
      'a figure in the reason',
      ({ verdicts }) => {
        const last = verdicts.at(-1);
        if (last) last.reason = last.reason.replace(/\d/, '9');
      },
      /^reason$/,
    ],
    [
      'the verdict of the harm gone',
      ({ verdicts }) => verdicts.splice(verdicts.findIndex(({ response }) => response === 'rollback')),
      /^verdict$/,
    ],
    [
      'another minimum time',
      ({ verdicts }) => {
        const last = verdicts[0]?.record.context;
        if (last) last.minStepMs = 1;
      },
      /rule|reason/,
    ],
    [
      'evidence in the record',
      ({ verdicts }) => {
        const record = verdicts.at(-1)?.record as { evidence?: { logE: { errors: number } } } | undefined;
        if (record?.evidence) record.evidence.logE.errors += 1e-6;
      },
      /^record\.evidence\.logE\.errors$/,
    ],
    [
      'a part of the record gone',
      ({ verdicts }) => {
        const last = verdicts.at(-1);
        if (last) last.record = { ...last.record, evidence: undefined } as typeof last.record;
      },
      /^record\.evidence$/,
    ],
  ];
  for (const [what, change, field] of cases)
    test(`${what} is noticed, and where`, () => {
      const result = forged(change);
      assert.equal(result.verified, false);
      assert.ok(
        fieldsOf(result).some((one) => field.test(one)),
        fieldsOf(result).join(' '),
      );
    });

  test('a tick after the last verdict changes nothing that was decided', () => {
    const result = forged(({ ticks, verdicts }) => {
      const last = ticks.at(-1);
      assert.ok(last && last.at > (verdicts.at(-1)?.at ?? 0));
      last.canary.errors++;
    });
    assert.ok(result.verified);
  });
});

describe('what is no record', () => {
  const refused = (text: string, where: RegExp, what = /cannot be judged/) =>
    assert.throws(
      () => verify(text),
      (error) =>
        error instanceof SpillwayError &&
        error.code === 'invalid_event' &&
        what.test(error.message) &&
        where.test(error.where ?? ''),
      text.slice(0, 200),
    );

  test('is refused wherever it was cut', () => {
    for (const part of [0, 0.001, 0.1, 0.5, 0.9, 0.999])
      refused(TEXT.slice(0, Math.floor(TEXT.trimEnd().length * part)), /^file$/);
    refused(TEXT.slice(0, TEXT.length / 2), /^file$/, /ends in the middle/);
  });

  test('is refused with the place of what is wrong', () => {
    const change = (edit: (record: Record<string, unknown>) => void) => {
      const record = JSON.parse(TEXT) as Record<string, unknown>;
      edit(record);
      return JSON.stringify(record);
    };
    refused('[]', /^file$/);
    refused('null', /^file$/);
    refused(
      change((record) => (record['record'] = 2)),
      /^file: record$/,
    );
    refused(
      change((record) => (record['started_at'] = Number.MAX_VALUE)),
      /started_at$/,
    );
    refused(
      change((record) => (record['settings'] = { ...HONEST.settings, alpha: '1%' })),
      /settings\.alpha$/,
    );
    refused(
      change((record) => (record['ticks'] = [{ at: 'noon' }])),
      /ticks\.0$/,
    );
    refused(
      change((record) => (record['ticks'] = [...HONEST.ticks].toReversed())),
      /ticks\.1$/,
      /came after/,
    );
    refused(
      change((record) => (record['ticks'] = [{ ...HONEST.ticks[0], canary: { requests: -1 } }])),
      /ticks\.0$/,
    );
    refused(
      change((record) => (record['verdicts'] = [{ ...HONEST.verdicts[0], record: {} }])),
      /verdicts\.0\.record/,
    );
    refused(
      change((record) => (record['surprise'] = 1)),
      /^file$/,
      /surprise/,
    );
    refused(`{"__proto__":{"record":1},"record":1}`, /^file/);
    refused('['.repeat(50_000), /^file$/);
  });
});
