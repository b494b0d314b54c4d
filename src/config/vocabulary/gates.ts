import { z } from 'zod';
import { parseComparison, parseExpression, type Condition } from '../conditions.ts';
import { choice, command, name, notBuilt, object, text, timeSpan } from './values.ts';

const scalar = () =>
  z.union([z.string(), z.number(), z.boolean()], { error: 'a value, or a comparison such as ">= 80%"' });

/** `{coverage: ">= 80%"}` as a list of conditions. */
export const conditions = () =>
  z.record(z.string(), scalar()).transform((byFigure, context): Condition[] =>
    Object.entries(byFigure).flatMap(([figure, value]) => {
      const parsed = parseComparison(figure, value);
      if (typeof parsed !== 'string') return [parsed];
      context.addIssue({ code: 'custom', path: [figure], message: parsed });
      return [];
    }),
  );

/** `errors == 0`. */
export const condition = () =>
  text('a condition such as errors == 0').transform((written, context): Condition[] => {
    const parsed = parseExpression(written);
    if (typeof parsed !== 'string') return [parsed];
    context.addIssue({ code: 'custom', message: parsed });
    return [];
  });

/** The keys of a gate that are the same for every way to run it. */
export const gate = object({
  name: name().optional(),
  type: choice(['automated'], ['manual']).optional(),
  run: command().optional(),
  condition: condition().optional(),
  conditions: conditions().optional(),
  timeout: timeSpan().optional(),
  on_failure: choice(['block', 'warn']).optional(),
  on_missing: choice(['fail', 'warn']).optional(),
  needs: z.array(name()).optional(),
  check: notBuilt(),
  report: notBuilt(),
  approvers: notBuilt(),
  quorum: notBuilt(),
  on_timeout: notBuilt(),
});

/** What an environment may say about a gate: other conditions, and how long and how strictly. */
export const gateOverride = object({
  condition: condition().optional(),
  conditions: conditions().optional(),
  timeout: timeSpan().optional(),
  on_failure: choice(['block', 'warn']).optional(),
  on_missing: choice(['fail', 'warn']).optional(),
});
