import { z } from 'zod';
import {
  A_DURATION,
  choice,
  command,
  duration,
  notBuilt,
  object,
  percentage,
  positivePercentage,
  text,
  timeSpan,
  wholeNumber,
} from './values.ts';

/** One step of a canary: a weight alone, or a weight with its own times. */
const step = z.union(
  [
    percentage(),
    object({
      weight: percentage(),
      min: duration().optional(),
      max: timeSpan().optional(),
      analysis: notBuilt(),
      approvers: notBuilt(),
      test: notBuilt(),
      mirror: notBuilt(),
      route: notBuilt(),
    }).refine(({ min, max }) => max === undefined || max >= (min ?? 0), {
      path: ['max'],
      error: 'a duration as long as min at least',
    }),
  ],
  { error: 'a percentage, or a map with weight, min and max' },
);

const GROWING = 'a list of weights that grow from step to step';
const weightOf = (one: z.output<typeof step>) => (typeof one === 'number' ? one : one.weight);

const few = () => wholeNumber(1, 10_000).optional();
const score = () =>
  z
    .number({ error: 'a score from 0 to 100' })
    .min(0, { error: 'a score from 0 to 100' })
    .max(100, { error: 'a score from 0 to 100' })
    .optional();

/** What the judges `consecutive` and `mann_whitney` go by, in the words of the tools that they come from. */
const checks = object({
  interval: timeSpan().optional(),
  failure_limit: few(),
  failures: choice(['in_a_row', 'in_all']).optional(),
  missing_limit: few(),
  inconclusive_limit: few(),
  passes: few(),
  pass: score(),
  marginal: score(),
}).refine(({ pass, marginal }) => pass === undefined || marginal === undefined || marginal <= pass, {
  path: ['marginal'],
  error: 'a score up to pass',
});

export const canary = object({
  initial_percentage: positivePercentage().optional(),
  increment_steps: z
    .array(step)
    .min(1, { error: GROWING })
    .max(100, { error: 'at most 100 steps' })
    .refine((all) => all.every((one, i) => i === 0 || weightOf(one) > weightOf(all[i - 1] ?? one)), {
      error: GROWING,
    })
    .optional(),
  step_duration: timeSpan().optional(),
  rollback_threshold: positivePercentage().optional(),
  warm_up: z.union([z.literal('auto'), duration()], { error: `${A_DURATION}, or auto` }).optional(),
  on_inconclusive: choice(['pause', 'rollback', 'proceed']).optional(),
  alpha: z
    .number({ error: 'a probability from 0.0001 to 0.1' })
    .min(0.0001, { error: 'a probability from 0.0001 to 0.1' })
    .max(0.1, { error: 'a probability from 0.0001 to 0.1' })
    .optional(),
  judge: choice(['sequential', 'fixed', 'consecutive', 'mann_whitney']).optional(),
  stages: z.literal([1, 2], { error: '1 or 2' }).optional(),
  pace: choice(['time', 'evidence']).optional(),
  baseline: choice(['stable', 'fresh']).optional(),
  certificate: choice(['standard', 'strict']).optional(),
  risk_budget: wholeNumber(1, 1_000_000_000).optional(),
  checks: checks.optional(),
  dead_man: notBuilt(),
  shield: notBuilt(),
});

export const rollbackTriggers = object({
  health_checks: object({
    consecutive_failures: wholeNumber(1, 100).optional(),
    check_interval: timeSpan().optional(),
    timeout: timeSpan().optional(),
  }).optional(),
  error_rate: object({
    threshold: positivePercentage().optional(),
    window: timeSpan().optional(),
    comparison: choice(['baseline', 'absolute']).optional(),
  }).optional(),
  latency: object({
    p95_threshold: timeSpan().optional(),
    p99_threshold: timeSpan().optional(),
    window: timeSpan().optional(),
  }).optional(),
  crash_rate: object({
    threshold: z
      .number({ error: 'crashes per instance and minute, above 0' })
      .gt(0, { error: 'crashes per instance and minute, above 0' })
      .optional(),
    window: timeSpan()
      .refine((value) => value <= 86_400_000, { error: 'a duration of 24h at most' })
      .optional(),
  }).optional(),
  canary_failure: object({
    error_rate_increase: z
      .number({ error: 'a percentage of 1 or more' })
      .min(1, { error: 'a percentage of 1 or more' })
      .max(10_000, { error: 'a percentage up to 10000' })
      .optional(),
    rollback_to: choice(['stable_version']).optional(),
  }).optional(),
});

export const rollback = object({
  timeout: timeSpan().optional(),
  max_attempts: wholeNumber(1, 10).optional(),
  strategy: choice(['immediate'], ['blue_green', 'gradual']).optional(),
  backup_version: notBuilt(),
  health_check: notBuilt(),
  on_rollback: notBuilt(),
  reason: notBuilt(),
});

/** How long each state may last. */
export const deadlines = object({
  pending: timeSpan().optional(),
  validating: timeSpan().optional(),
  building: timeSpan().optional(),
  testing: timeSpan().optional(),
  approval: timeSpan().optional(),
  approved: timeSpan().optional(),
  deploying: timeSpan().optional(),
  verifying: timeSpan().optional(),
  monitoring: timeSpan().optional(),
  rolling_back: timeSpan().optional(),
});

/** How an instance is asked whether it is well. */
export const health = object({
  path: z
    .string({ error: 'a path such as /health' })
    .regex(/^\/[^\s#]*$/, { error: 'a path such as /health' })
    .nullable() // null: the port takes connections
    .optional(),
  status: wholeNumber(100, 599).optional(),
  body: text('text that the answer contains').optional(),
  interval: timeSpan().optional(),
  timeout: timeSpan().optional(),
  unhealthy_threshold: wholeNumber(1, 100).optional(),
  healthy_threshold: notBuilt(),
  start_period: notBuilt(),
  tcp: notBuilt(),
  grpc: notBuilt(),
  command: notBuilt(),
  container: notBuilt(),
});

/** The artifact that is made of a commit. */
export const artifact = object({
  path: z
    .string({ error: 'a folder inside the repository' })
    .min(1, { error: 'a folder inside the repository' })
    .refine((path) => !path.startsWith('/') && !path.split('/').includes('..') && !path.includes('\0'), {
      error: 'a folder inside the repository, without .. and not beginning with /',
    })
    .optional(),
  build: command().optional(),
  image: notBuilt(),
  sign: notBuilt(),
  push: notBuilt(),
});
