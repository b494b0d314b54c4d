import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { messageOf } from '../core/errors.ts';
import type { Json, JsonObject } from '../core/json.ts';

// CEL has no loops but those over lists; length, nesting and the size of the data bound the work together.
const MAX_LENGTH = 1000;
const MAX_NESTED_LOOPS = 2;
const MAX_ITEMS = 1000;

/** What is wrong with a condition, as the phrase for what was expected; undefined when nothing is. */
export function conditionProblem(expression: string): string | undefined {
  const compiled = compile(expression);
  return typeof compiled === 'string' ? compiled : undefined;
}

export type ConditionResult = { readonly holds: boolean; readonly why: string };

/**
 * Whether a CEL expression over an event is exactly `true`. Everything else (an error, another type, data beyond the
 * limits) does not hold, and `why` says so.
 */
export function evaluateCondition(expression: string, variables: JsonObject): ConditionResult {
  const compiled = compile(expression);
  if (typeof compiled === 'string') return { holds: false, why: `should be ${compiled}` };
  if (countItems(variables) > MAX_ITEMS)
    return {
      holds: false,
      why: `the event has more than ${MAX_ITEMS} values; a condition is not tried on it`,
    };
  const result = compiled(bindings(variables));
  if (isCelError(result)) return { holds: false, why: `${expression}: ${firstLine(result.message)}` };
  if (result === true) return { holds: true, why: `${expression} is true` };
  return { holds: false, why: `${expression} is ${result === false ? 'false' : 'not true or false'}` };
}

type Evaluate = (variables: Record<string, Json>) => unknown;

function compile(expression: string): Evaluate | string {
  if (expression.length > MAX_LENGTH) return `an expression of at most ${MAX_LENGTH} characters`;
  try {
    const parsed = parse(expression);
    if (loopDepth(parsed.expr) > MAX_NESTED_LOOPS)
      return `an expression with at most ${MAX_NESTED_LOOPS} loops inside each other`;
    const evaluate = plan(celEnv(), parsed);
    return (variables) => {
      try {
        return evaluate(variables as Parameters<typeof evaluate>[0]);
      } catch (error) {
        return messageOf(error);
      }
    };
  } catch (error) {
    return `an expression over the event: ${syntaxProblem(error)}`;
  }
}

/** `found = but expecting end of input at character 8`. */
function syntaxProblem(error: unknown): string {
  const [, column, message] = /^<input>:\d+:(\d+): (.*)$/s.exec(messageOf(error)) ?? [];
  return column === undefined ? firstLine(messageOf(error)) : `${message} at character ${column}`;
}

const firstLine = (text: string) => text.split('\n', 1)[0] ?? '';

/** How many comprehensions (`all`, `exists`, `map`, `filter` ...) lie inside each other. */
function loopDepth(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0;
  const own = 'case' in node && node.case === 'comprehensionExpr' ? 1 : 0;
  let deepest = 0;
  for (const child of Object.values(node)) deepest = Math.max(deepest, loopDepth(child));
  return own + deepest;
}

function countItems(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + countItems(item), 1);
}

/** Without a prototype, so that `constructor` is an unknown name and nothing else. */
const bindings = (variables: JsonObject): Record<string, Json> =>
  Object.assign(Object.create(null) as Record<string, Json>, variables);
