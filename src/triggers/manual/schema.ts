import { z } from 'zod';

const NAME = { error: 'must be a name of letters, digits, dots, - and _ (at most 63)' };
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, NAME);
const REFERENCE = { error: 'must be a branch, a tag, a version or a commit' };
const reference = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}$/, REFERENCE)
  .refine((text) => !text.includes('..'), REFERENCE);

/** What a person asks for, as the API hands it on with the name of who asks. */
export const manualRequest = z.strictObject({
  application: name.optional(),
  environment: name,
  /** A branch, a tag, or a commit. */
  ref: reference.optional(),
  version: reference.optional(),
  reason: z.string().max(500, { error: 'must be at most 500 characters' }).optional(),
  /** Needs the emergency permission, which this version does not have. */
  skip_tests: z.literal(false, { error: 'is not available in this version' }).optional(),
  /** Inputs of a `workflow_dispatch` trigger. */
  inputs: z
    .record(
      name,
      z.union([z.string().max(10_000), z.number(), z.boolean()], {
        error: 'must be text, a number, true or false',
      }),
    )
    .optional(),
  actor: z.string().min(1).max(200),
});
