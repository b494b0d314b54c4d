import { z } from 'zod';
import { timeSpan } from '../../config/vocabulary/values.ts';
import { address } from '../address.ts';
import { placeholdersIn } from '../template.ts';
import { problemWith } from './promql.ts';

/** As written (`15s`), or in milliseconds once that was read. */
const time = (most: number) =>
  z.union([z.number().int().positive(), timeSpan()]).refine((ms) => ms <= most, {
    error: `at most ${most / 1000}s`,
  });

const query = z
  .string()
  .min(1)
  .max(4000)
  .superRefine((text, context) => {
    const problem = problemWith(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

/** Settings of the `prometheus` source. What it puts out it also takes, so that a kept plan is read by the same schema. */
export const prometheusSettings = z
  .strictObject({
    /** Where its API is, without `/api/v1`; may contain `${NAME}`. */
    url: address(),
    /** Sent with every query; values may contain `${NAME}`. */
    headers: z.record(z.string().regex(/^[\w-]+$/), z.string()).default({}),
    /** A selector of counters (exact), or an expression with `{{window}}` (an estimate). */
    requests: query,
    errors: query,
    /** Histogram: `_bucket` series, or native. */
    latency: query.nullable().default(null),
    latency_unit: z.enum(['seconds', 'milliseconds']).default('seconds'),
    /** The label that tells instances apart. */
    instance_label: z
      .string()
      .regex(/^[A-Za-z_]\w*$/, 'should be the name of a label')
      .default('instance'),
    scrape_interval: time(300_000).default(15_000),
    timeout: time(60_000).default(5000),
    /** The windows of an expression. Without it four scrapes. */
    step: time(600_000).nullable().default(null),
  })
  .superRefine(({ requests, errors, latency }, context) => {
    const whole = placeholdersIn(requests).includes('window');
    for (const [key, text] of Object.entries({ errors, latency }))
      if (text !== null && placeholdersIn(text).includes('window') !== whole)
        context.addIssue({
          code: 'custom',
          path: [key],
          message: whole ? 'should use {{window}}, as requests does' : 'should be a selector, as requests is',
        });
  });

export type PrometheusSettings = z.infer<typeof prometheusSettings>;
