import { z } from 'zod';
import { timeSpan } from '../../config/vocabulary/values.ts';

const time = () => z.union([z.number().int().positive(), timeSpan()]);

/** What requests may be counted from; an application that sends several of them is counted once. */
export const ORIGINS = ['http.server.request.duration', 'http.server.duration', 'spans'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Settings of the `otlp` source. What it puts out it also takes, so that a kept plan is read by the same schema. */
export const otlpSettings = z.strictObject({
  /** `service.name`; without it the application's name. */
  service: z.string().min(1).nullable().default(null),
  origin: z.enum(ORIGINS).default('http.server.request.duration'),
  /** How often an instance sends. One that was not heard for three times as long is taken to be gone. */
  export_interval: time().default(60_000),
});
