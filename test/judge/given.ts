import {
  assess,
  createHistogram,
  createJudge,
  DEFAULT_SETTINGS,
  observe,
  recordLatency,
  type ArmTick,
  type AssessmentContext,
  type InstanceHistory,
  type Judge,
  type JudgeSettings,
  type Tick,
} from '../../src/judge/index.ts';

export const SECOND = 1000;

/** One arm of a tick, as far as it matters; latencies lie between `ms` and twice that. */
export interface Arm {
  readonly requests?: number;
  readonly errors?: number;
  readonly failures?: number;
  readonly ms?: number;
  readonly crashes?: number;
  readonly slowClients?: ReadonlyMap<number, number>;
}

export function arm({ requests = 0, errors = 0, failures, ms = 50, crashes = 0, slowClients }: Arm): ArmTick {
  const latency = createHistogram();
  for (let i = 0; i < requests; i++) recordLatency(latency, ms * (1 + (i % 20) / 20));
  const clients = slowClients === undefined ? {} : { slowClients };
  const each = failures === undefined ? {} : { failures };
  return { requests, errors, ...each, latency, crashes, instanceMinutes: 1 / 60, ...clients };
}

/** A judge without a warm-up, of a rollout that began at 0. */
export const judgeOf = (settings: Partial<JudgeSettings> = {}, history?: InstanceHistory): Judge =>
  createJudge({ ...DEFAULT_SETTINGS, warmUpMs: 0, plannedTicks: 100, ...settings }, 0, history);

/** Feeds `seconds` equal ticks. */
export function feed(
  judge: Judge,
  seconds: number,
  canary: Arm,
  baseline: Arm,
  rest: Pick<Tick, 'stableInstances' | 'clients'> = {},
): Judge {
  for (let i = 0; i < seconds; i++) {
    const at = (judge.lastTickAt ?? 0) + SECOND;
    observe(judge, { at, canary: arm(canary), baseline: arm(baseline), ...rest });
  }
  return judge;
}

/** The assessment right after the last tick, in the midst of the first step. */
export const at = (judge: Judge, context: Partial<AssessmentContext> = {}) =>
  assess(judge, {
    now: judge.lastTickAt ?? 0,
    stepStartedAt: 0,
    minStepMs: 5 * SECOND,
    maxStepMs: 600 * SECOND,
    concurrentBaseline: true,
    certificateRequired: false,
    staleAfterMs: 30 * SECOND,
    ...context,
  });

export const HEALTHY = { requests: 20, errors: 0 };
export const STABLE = { requests: 180, errors: 1 };
export const FAILING = { requests: 20, errors: 2 };
