import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  tickToJson,
  type ArmTick,
  type JudgeSettings,
  type TickJson,
} from '../../src/judge/index.ts';
import type { JudgeRecord, RecordedVerdict } from '../../src/views/judge/record.ts';
import { NOON } from './history.ts';

export interface Judged {
  /** Share of the canary's requests that fail; stable's is 0.5%. */
  readonly errorRate: number;
  readonly seconds: number;
  readonly settings?: Partial<JudgeSettings>;
}

/** The record of a judge that really looked at these seconds: 20 requests of the canary and 180 of stable in each. */
export function judged({ errorRate, seconds, settings: some = {} }: Judged): JudgeRecord {
  const settings: JudgeSettings = {
    ...DEFAULT_SETTINGS,
    limits: { errorRate: 0.05, p95Ms: 800, crashesPerMinute: 1 },
    acceptableErrorRate: 0.01,
    ...some,
  };
  const judge = createJudge(settings, NOON, []);
  const canary = arms(20, errorRate);
  const baseline = arms(180, 0.005);
  const ticks: TickJson[] = [];
  const verdicts: RecordedVerdict[] = [];
  for (let second = 1; second <= seconds; second++) {
    const at = NOON + second * 1000;
    const tick = { at, canary: canary(), baseline: baseline() };
    ticks.push(tickToJson(tick));
    observe(judge, tick);
    const { record, ...said } = assess(judge, {
      now: at,
      stepStartedAt: NOON,
      minStepMs: 60_000,
      maxStepMs: 600_000,
      concurrentBaseline: true,
      certificateRequired: true,
      staleAfterMs: 30_000,
    });
    const before = verdicts.at(-1);
    if (before?.verdict !== said.verdict || before.rule !== said.rule || before.response !== said.response)
      verdicts.push({ at, step: 0, ...said, record: JSON.parse(JSON.stringify(record)) as typeof record });
  }
  return {
    record: 1,
    deployment: '0198f3a2-7c1e-7a4b-9d2e-5c6b7a3f9a2c',
    application: 'shop',
    environment: 'production',
    version: '1.5.0',
    settings,
    started_at: NOON,
    history: [],
    steps: [],
    verdicts,
    latest: null,
    ticks,
  };
}

/** Seconds of one arm; its errors are as even as can be. */
function arms(requests: number, errorRate: number): () => ArmTick {
  let due = 0;
  let seconds = 0;
  return () => {
    due += requests * errorRate;
    const errors = Math.floor(due);
    due -= errors;
    seconds++;
    const latency = createHistogram();
    for (let i = 0; i < requests; i++) recordLatency(latency, 20 + ((i * 7 + seconds * 3) % 60));
    return { requests, errors, latency, crashes: 0, instanceMinutes: 2 / 60 };
  };
}
