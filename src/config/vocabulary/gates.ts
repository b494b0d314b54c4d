import { z } from 'zod';
import { parseCondition, parseExpression, type Condition } from '../../core/condition.ts';
import { SpillwayError } from '../../core/errors.ts';
import { choice, command, name, notBuilt, object, SENTENCE, text, timeSpan } from './values.ts';
import { variables } from './variables.ts';

const scalar = () =>
  z.union([z.string(), z.number(), z.boolean()], { error: 'a value, or a comparison such as ">= 80%"' });

type Objection = (message: string) => void;

/** What `parse` makes of it; what it objects to goes to `object`. */
function parsed(parse: () => Condition, object: Objection): Condition[] {
  try {
    return [parse()];
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    object(`${error.message}. ${error.hint ?? ''}`);
    return [];
  }
}

/** `{coverage: ">= 80%"}` as a list of conditions. */
const conditions = z.record(z.string(), scalar()).transform((byFigure, context): Condition[] =>
  Object.entries(byFigure).flatMap(([figure, value]) =>
    parsed(
      () => parseCondition(figure, value),
      (message) => context.addIssue({ code: 'custom', path: [figure], message, params: SENTENCE }),
    ),
  ),
);

/** `errors == 0`. */
const condition = text('a condition such as errors == 0').transform((written, context): Condition[] =>
  parsed(
    () => parseExpression(written),
    (message) => context.addIssue({ code: 'custom', message, params: SENTENCE }),
  ),
);

/** The keys of a gate that are the same for every way to run it. */
export const gate = object({
  name: name().optional(),
  type: choice(['automated'], ['manual']).optional(),
  run: command().optional(),
  env: variables().optional(),
  condition: condition.optional(),
  conditions: conditions.optional(),
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
  condition: condition.optional(),
  conditions: conditions.optional(),
  timeout: timeSpan().optional(),
  on_failure: choice(['block', 'warn']).optional(),
  on_missing: choice(['fail', 'warn']).optional(),
});
