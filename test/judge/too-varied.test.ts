import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceHistory } from '../../src/judge/index.ts';
import { at, feed, judgeOf } from './given.ts';

const CANARY = { requests: 20, ms: 50 };
const STABLE = { requests: 180, ms: 50 };

/** Of three instances one was dead for 5 of 30 minutes. */
const DEAD: InstanceHistory = [
  {
    length: 60,
    blocks: Array.from({ length: 30 }, (_, minute) => ({
      requests: [60, 60, 60],
      errors: [minute < 5 ? 60 : 0, 0, 1],
      slow: [30, 6, 3, 1].map((usual) => [usual, usual, usual]),
    })),
  },
];

test('where evidence is divided by so much that nothing would be seen, nothing shown is not ok', () => {
  const judge = feed(judgeOf({}, DEAD), 30, CANARY, STABLE);
  const { phi } = at(judge).record.evidence;
  assert.ok(phi > 20, `${phi}`);
  assert.deepEqual([at(judge).verdict, at(judge).rule], ['undecided', 'too-varied']);
  assert.match(at(judge).reason, /evidence is divided by \d+/);
  assert.deepEqual(
    [at(judge, { maxStepMs: 1 }).verdict, at(judge, { maxStepMs: 1 }).rule],
    ['warning', 'step-time-over'],
  );
  assert.equal(at(judge, { concurrentBaseline: false }).verdict, 'ok');
});

test('until there were so many requests that it would', () => {
  const judge = judgeOf({}, DEAD);
  const needed = Math.ceil((200 * at(judge).record.evidence.phi) / 400);
  feed(judge, needed - 1, { ...CANARY, requests: 400 }, STABLE);
  assert.equal(at(judge).rule, 'too-varied');
  feed(judge, 1, { ...CANARY, requests: 400 }, STABLE);
  assert.equal(at(judge).verdict, 'ok');
});
