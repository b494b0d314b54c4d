import { z } from 'zod';
import { timeSpan } from '../../config/vocabulary/values.ts';
import { address } from '../address.ts';
import { placeholdersIn } from '../template.ts';
import { POINTER } from './pointer.ts';

const time = () => z.union([z.number().int().positive(), timeSpan()]);

const NAMES = ['app', 'environment', 'version', 'revision', 'arm', 'from', 'to', 'window'];

const pointer = () => z.string().max(500).regex(POINTER, { error: 'a JSON pointer such as /data/requests' });

const quantiles = z.record(
  z.string().regex(/^p\d{1,2}(?:\.\d+)?$/, { error: 'a quantile such as p95' }),
  pointer(),
);

/** Settings of the `http-json` source. What it puts out it also takes, so that a kept plan is read by the same schema. */
export const httpJsonSettings = z
  .strictObject({
    /** Asked for each arm; with `{{from}}` and `{{to}}` for what came in between, without for totals. May contain `${NAME}`. */
    url: address().superRefine((text, context) => {
      const unknown = placeholdersIn(text).find((name) => !NAMES.includes(name));
      if (unknown !== undefined)
        context.addIssue({
          code: 'custom',
          message: `may contain ${NAMES.map((name) => `{{${name}}}`).join(' ')}, not {{${unknown}}}`,
        });
      if (placeholdersIn(text).includes('from') !== placeholdersIn(text).includes('to'))
        context.addIssue({ code: 'custom', message: 'should have both {{from}} and {{to}}, or neither' });
    }),
    headers: z.record(z.string().regex(/^[\w-]+$/), z.string()).default({}),
    requests: pointer(),
    errors: pointer(),
    /** Milliseconds since the epoch, or a date, up to which the answer is whole. Without it the moment of asking. */
    at: pointer().nullable().default(null),
    latency: z
      .union([
        z.strictObject({
          /** A map from upper bounds to counts, or a list of pairs of them. */
          buckets: pointer(),
          cumulative: z.boolean().default(false),
        }),
        z.strictObject({ quantiles }),
      ])
      .nullable()
      .default(null),
    latency_unit: z.enum(['seconds', 'milliseconds']).default('milliseconds'),
    timeout: time().default(5000),
  })
  .refine(
    ({ url, latency }) => latency === null || 'buckets' in latency || placeholdersIn(url).includes('from'),
    {
      path: ['latency'],
      error:
        'should be buckets where the URL has no {{from}} and {{to}}: quantiles since the beginning say nothing of a window',
    },
  );

export type HttpJsonSettings = z.infer<typeof httpJsonSettings>;
