import { z } from 'zod';
import { parseCondition, type Condition } from '../../core/condition.ts';
import { SpillwayError } from '../../core/errors.ts';
import { command } from '../../config/vocabulary/values.ts';
import { variables } from '../../config/vocabulary/variables.ts';

/** A condition as a plan keeps it. */
const parsed = z.strictObject({
  figure: z.string(),
  operator: z.enum(['==', '!=', '<', '<=', '>', '>=']),
  value: z.union([z.number(), z.string()]),
  unit: z.enum(['ratio', 'ms', 'bytes', 'number', 'text']),
  text: z.string(),
});

/** Conditions as a plan keeps them, or as they are written: `{coverage: ">= 80%"}`. */
const conditions = z
  .union([z.array(parsed), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))])
  .transform((given, context): readonly Condition[] => {
    if (Array.isArray(given)) return given;
    return Object.entries(given).flatMap(([figure, value]) => {
      try {
        return [parseCondition(figure, value)];
      } catch (error) {
        if (!(error instanceof SpillwayError)) throw error;
        context.addIssue({ code: 'custom', path: [figure], message: `${error.message}. ${error.hint}` });
        return [];
      }
    });
  });

/** Settings of the `command` gate. What it puts out it also takes, so that a kept plan is read by the same schema. */
export const commandGateSettings = z.strictObject({
  /** Program and arguments; no shell reads them. */
  command: command(),
  /** None = the exit code 0 passes. */
  conditions: conditions.default([]),
  /** What becomes of a condition whose figure is not there. */
  on_missing: z.enum(['fail', 'warn']).default('fail'),
  /** Values may contain `${NAME}`, a secret or variable that is looked up when the gate runs. */
  env: variables().default({}),
});

export type CommandGateSettings = z.output<typeof commandGateSettings>;
