import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  beginStep,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  latencyBuckets,
  observe,
  recordLatency,
  tickToJson,
  type ArmTick,
  type Tick,
} from '../../../src/judge/index.ts';
import { Replay } from '../../../src/views/judge/replay.ts';

const SETTINGS = { ...DEFAULT_SETTINGS, unit: 'client' as const, warmUpMs: 0 };

/** A second in which every answer takes so long. */
function second(n: number, ms: number): Tick {
  const arm = (requests: number): ArmTick => {
    const latency = createHistogram();
    for (let i = 0; i < requests; i++) recordLatency(latency, ms);
    return { requests, errors: 0, latency, crashes: 0, instanceMinutes: 1 };
  };
  return { at: n * 1000, canary: arm(10), baseline: arm(90) };
}

test('a step begins before the tick that ends then, as it did at first', () => {
  const ticks = [second(1, 20), second(2, 20), second(3, 20), second(4, 900), second(5, 900), second(6, 900)];
  const judge = createJudge(SETTINGS, 0, []);
  for (const tick of ticks) {
    if (tick.at === 4000) beginStep(judge, tick.at);
    observe(judge, tick);
  }
  const bucketsOf = (steps: readonly number[]) => {
    const given = { settings: SETTINGS, started_at: 0, history: [], steps, ticks: ticks.map(tickToJson) };
    const replay = new Replay(given);
    while (replay.next() !== undefined);
    return latencyBuckets(replay.judge);
  };
  assert.deepEqual(bucketsOf([4000]), latencyBuckets(judge));
  assert.notDeepEqual(bucketsOf([6000]), latencyBuckets(judge), 'the thresholds do tell the steps apart');
});
