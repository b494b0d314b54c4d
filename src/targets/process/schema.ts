import { z } from 'zod';
import { command, timeSpan } from '../../config/vocabulary/values.ts';
import { variableName, variables } from '../../config/vocabulary/variables.ts';

/** As written (`30s`), or in milliseconds once that was read. */
const time = () => z.union([z.number().int().positive(), timeSpan()]);

/** A path inside the release. */
const inside = z
  .string()
  .refine(
    (path) => !path.startsWith('/') && !path.split('/').includes('..'),
    'a folder inside the release, without .. and not beginning with /',
  );

/** What of an application's health settings concerns one check; how often and how many is for those who observe. */
const health = z.object({
  /** null = the port takes connections. */
  path: z.string().startsWith('/').nullable().default('/health'),
  /** The one status that counts as healthy; without it any from 200 to 399. */
  status: z.number().int().min(100).max(599).optional(),
  /** Text that the answer contains. */
  body: z.string().nullable().default(null),
  timeout: time().default(2000),
});

/** Settings of the `process` target. What it puts out it also takes, so that a kept plan is read by the same schema. */
export const processSettings = z.strictObject({
  /** Program and arguments; no shell reads them. */
  command: command(),
  /** Values may contain `${NAME}`, a secret or variable that is looked up at each start. */
  env: variables().default({}),
  /** The variable that tells the application its port. */
  port_env: variableName().default('PORT'),
  health: health.prefault({}),
  /** From SIGTERM to SIGKILL, for those who ask for a stop. */
  stop_timeout: time().default(30_000),
  /** Where the command runs, relative to the release. */
  working_dir: inside.default('.'),
});

export type ProcessSettings = z.infer<typeof processSettings>;
