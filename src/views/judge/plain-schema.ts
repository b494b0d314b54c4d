import { z } from 'zod';
import type { PlainSettings } from '../../judge/index.ts';

const positive = z.number().gt(0);
const amount = z.number().min(0);
const few = z.int().min(1).max(10_000);
/** What is worked out anew in each analysis: with more values that would take too long. */
const LONGEST_LOOKBACK = 1000;

const effectSize = z.strictObject({
  measure: z.enum(['meanRatio', 'cles']),
  allowedIncrease: amount,
  allowedDecrease: amount,
  criticalIncrease: amount,
  criticalDecrease: amount,
});

const metric = z.strictObject({
  name: z.enum(['error-rate', 'p50', 'p95', 'p99']),
  group: z.string(),
  direction: z.enum(['increase', 'decrease', 'either']),
  critical: z.boolean(),
  mustHaveData: z.boolean(),
  nanStrategy: z.enum(['remove', 'replace']),
  effectSize,
});

/** What the plain rules ask for. */
export const plainSettings = z.strictObject({
  intervalMs: positive,
  thresholds: z.strictObject({
    errorPoints: amount,
    errorRatio: positive,
    p95Ratio: positive,
    p99Ratio: positive,
  }),
  consecutive: z.strictObject({
    failureLimit: few,
    failures: z.enum(['in_a_row', 'in_all']),
    missingLimit: few,
    inconclusiveLimit: few,
    passes: few,
    sample: z.strictObject({ requests: amount, errors: amount, p95: amount, p99: amount }),
  }),
  mannWhitney: z.strictObject({
    tolerance: amount,
    confidence: z.number().gt(0).lt(1),
    metrics: z.array(metric).min(1).readonly(),
    groupWeights: z.record(z.string(), amount),
    pass: amount,
    marginal: amount,
    intervalsPerAnalysis: few,
    lookback: z.int().min(1).max(LONGEST_LOOKBACK),
  }),
}) satisfies z.ZodType<PlainSettings>;
