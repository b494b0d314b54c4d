import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, feed, judgeOf, type Arm } from './given.ts';

/** One minute: 20 and 180 requests a second, stable with 1% errors. */
function minute(judge: ReturnType<typeof judgeOf>, canary: Arm): void {
  for (let second = 0; second < 60; second++)
    feed(judge, 1, second % 5 === 0 ? canary : { requests: 20 }, {
      requests: 180,
      errors: second % 5 === 4 ? 1 : 2,
    });
}
const HEALTHY = { requests: 20, errors: 1 };
const TWICE = { requests: 20, errors: 2 };
const certificate = (judge: ReturnType<typeof judgeOf>) => at(judge).record.evidence.certificate;

describe('an outage that both versions share', () => {
  test('does not certify a canary that is twice as bad', () => {
    for (const [seconds, share] of [
      [5, 1],
      [10, 0.5],
    ] as const) {
      const judge = judgeOf();
      minute(judge, TWICE);
      assert.equal(certificate(judge).held, false);
      feed(judge, seconds, { requests: 20, errors: 20 * share }, { requests: 180, errors: 180 * share });
      assert.equal(certificate(judge).held, false, `${share} of the requests for ${seconds} s`);
    }
  });

  test('keeps no healthy canary from its certificate', () => {
    const judge = judgeOf();
    minute(judge, HEALTHY);
    feed(judge, 5, { requests: 20, errors: 20 }, { requests: 180, errors: 180 });
    minute(judge, HEALTHY);
    minute(judge, HEALTHY);
    assert.equal(certificate(judge).held, true);
  });

  test('where the canary fails alone, all of it speaks against the canary', () => {
    const [usual, outage] = [judgeOf(), judgeOf()];
    for (const judge of [usual, outage]) minute(judge, HEALTHY);
    feed(outage, 5, { requests: 20, errors: 20 }, { requests: 180, errors: 2 });
    feed(usual, 5, HEALTHY, { requests: 180, errors: 2 });
    assert.ok(certificate(outage).logE < certificate(usual).logE - 10);
  });
});
