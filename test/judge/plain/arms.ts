import {
  createHistogram,
  DEFAULT_PLAIN,
  recordLatency,
  type ArmTick,
  type JudgeSettings,
  type PlainSettings,
} from '../../../src/judge/index.ts';
import {
  createPlain,
  feedPlain,
  plainEvidence,
  plainFinding,
  plainIssue,
  type PlainContext,
  type PlainJudge,
} from '../../../src/judge/plain/index.ts';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

/** What an arm does each second; latencies are spread over `ms` to twice that. */
export interface Doing {
  readonly requests?: number;
  readonly errors?: number;
  readonly ms?: number;
  readonly crashes?: number;
}

export function armTick({ requests = 0, errors = 0, ms = 50, crashes = 0 }: Doing): ArmTick {
  const latency = createHistogram();
  for (let i = 0; i < requests; i++) recordLatency(latency, ms * (1 + i / requests));
  return { requests, errors, latency, crashes, instanceMinutes: 1 / 60 };
}

export interface Setup {
  readonly rule?: Exclude<JudgeSettings['rule'], 'sequential'>;
  readonly limits?: JudgeSettings['limits'];
  readonly latency?: boolean;
  readonly plain?: Partial<PlainSettings>;
}

export function plainOf({ rule = 'fixed', limits = {}, latency = true, plain = {} }: Setup = {}): PlainJudge {
  const settings = { rule, limits, latency, windowMs: 5 * MINUTE, plain: { ...DEFAULT_PLAIN, ...plain } };
  const judge = createPlain(settings);
  if (judge === undefined) throw new Error('a plain judge was asked for');
  return judge;
}

/** Feeds `seconds` ticks of one second each, from second `from` on. `canary` and `baseline` may depend on the second. */
export function feed(
  judge: PlainJudge,
  from: number,
  seconds: number,
  canary: Doing | ((second: number) => Doing),
  baseline: Doing | ((second: number) => Doing),
): PlainJudge {
  const at = (doing: typeof canary, second: number) => (typeof doing === 'function' ? doing(second) : doing);
  for (let second = from; second < from + seconds; second++)
    feedPlain(
      judge,
      {
        at: (second + 1) * SECOND,
        canary: armTick(at(canary, second)),
        baseline: armTick(at(baseline, second)),
      },
      second * SECOND,
    );
  return judge;
}

/** The verdict, from the evidence as it is stored. */
export function judged(judge: PlainJudge, context: Partial<PlainContext> = {}) {
  const stored = JSON.parse(JSON.stringify(plainEvidence(judge))) as ReturnType<typeof plainEvidence>;
  const issue = plainIssue(stored);
  const finding = plainFinding(stored, { stepStartedAt: 0, concurrentBaseline: true, ...context });
  if (issue !== undefined && issue.reason !== finding.reason) throw new Error('the issue is not the verdict');
  return finding;
}
