import { z } from 'zod';
import {
  DEFAULT_SETTINGS,
  type AssessmentContext,
  type EffectGates,
  type InstanceBlock,
  type InstanceHistory,
  type JudgeSettings,
  type Limits,
} from '../../judge/index.ts';
import { plainSettings } from './plain-schema.ts';

/** Of a record or a request that anybody may have written: numbers that mean something, and no field that nobody knows. */
const share = z.number().gt(0).lt(1);
const positive = z.number().gt(0);
const amount = z.number().min(0);
const count = z.int().min(0);
const moment = z.int().min(0);

/** A shape that forgets no key of the type it is for, not even one that may be left out. */
type Shape<Type> = Record<keyof Type, z.ZodType>;

const limits = z.strictObject({
  errorRate: share.exactOptional(),
  p95Ms: positive.exactOptional(),
  p99Ms: positive.exactOptional(),
  crashesPerMinute: positive.exactOptional(),
} satisfies Shape<Limits>);

const gates = z.strictObject({
  errorRatio: positive,
  p95Ratio: positive,
  p99Ratio: positive,
  errorDifference: share.exactOptional(),
  errorLimitAboveBaseline: z.boolean().exactOptional(),
} satisfies Shape<EffectGates>);

/** All intervals of a plain rule's window are held, and put together again and again. */
const MOST_INTERVALS = 10_000;

export const judgeSettings = z
  .strictObject({
    rule: z.enum(['sequential', 'fixed', 'consecutive', 'mann_whitney']),
    alpha: share,
    latency: z.boolean(),
    limits,
    gates,
    plannedTicks: z.int().min(1),
    watchedTicks: z.int().min(1).exactOptional(),
    warmUpMs: z.union([amount, z.literal('auto')]),
    windowMs: positive,
    acceptableErrorRate: share.exactOptional(),
    stages: z.union([z.literal(1), z.literal(2)]),
    certificate: z.enum(['standard', 'strict']),
    unit: z.enum(['request', 'client']),
    tempering: z.enum(['estimated', 'off']),
    fixedPhi: z.number().min(1).exactOptional(),
    onset: z.enum(['mixture', 'start']),
    plain: plainSettings,
  } satisfies Shape<JudgeSettings>)
  .refine(
    ({ rule, windowMs, plain }) => rule === 'sequential' || windowMs <= MOST_INTERVALS * plain.intervalMs,
    { path: ['windowMs'], error: `must be at most ${MOST_INTERVALS} times plain.intervalMs` },
  ) satisfies z.ZodType<JudgeSettings>;

const some = z.record(z.string(), z.unknown());

/** Settings of which those that are not given are the defaults. */
export const someJudgeSettings = some
  .transform((given) => ({
    ...DEFAULT_SETTINGS,
    ...given,
    gates: completed(given['gates'] ?? {}),
  }))
  .pipe(judgeSettings);

/** What is no object stays what it is: the schema says so. */
function completed(given: unknown): unknown {
  const parsed = some.safeParse(given);
  return parsed.success ? { ...DEFAULT_SETTINGS.gates, ...parsed.data } : given;
}

export const assessmentContext = z.strictObject({
  now: moment,
  stepStartedAt: moment,
  minStepMs: amount,
  maxStepMs: amount,
  concurrentBaseline: z.boolean(),
  certificateRequired: z.boolean(),
  staleAfterMs: positive,
  trouble: z.string().max(5000).exactOptional(),
} satisfies Shape<AssessmentContext>) satisfies z.ZodType<AssessmentContext>;

export const instanceHistory = z.array(
  z.strictObject({
    length: z.union([z.literal(1), z.literal(10), z.literal(60)]),
    blocks: z.array(
      z.strictObject({
        requests: z.array(count),
        errors: z.array(count),
        slow: z.array(z.array(count)).exactOptional(),
      } satisfies Shape<InstanceBlock>),
    ),
  }),
) satisfies z.ZodType<InstanceHistory>;

export const momentOfTime = moment;
