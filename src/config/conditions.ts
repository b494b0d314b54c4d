import { parseDuration } from './vocabulary/values.ts';

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** `ratio`: 0.8 for 80%. `ms`, `bytes`. `number`: counts and bare numbers. `text`: words such as `pass`, also true and false. */
export type Unit = 'ratio' | 'ms' | 'bytes' | 'number' | 'text';

/** One condition of a gate: a figure, compared with a value. */
export interface Condition {
  readonly figure: string;
  readonly operator: Operator;
  readonly value: number | string;
  readonly unit: Unit;
  /** As written, for people: `coverage >= 80%`. */
  readonly text: string;
}

const COMPARISON = /^\s*(==|!=|<=|>=|<|>)?\s*(\S.*?)\s*$/s;
const NUMBER = /^-?\d+(?:\.\d+)?$/;
const BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** Figures whose unit is known, by the end of their name. */
const KNOWN_UNITS: ReadonlyArray<readonly [RegExp, Unit]> = [
  [/coverage$|_pass_rate$|error_rate$|^regression$/, 'ratio'],
  [/^p\d+_latency$/, 'ms'],
  [/_vulnerabilities$|^errors$|^warnings$|^tests$|(?:^|_)failures$|_violations$|^xref_undefined$/, 'number'],
  [/^license_compliance$|^signature$/, 'text'],
];

/** A figure's condition, or why it makes none. `figure` with `">= 80%"`, `0`, `pass` or `true`. */
export function parseComparison(figure: string, value: string | number | boolean): Condition | string {
  const written = typeof value === 'string' ? value : String(value);
  const [, operator = '==', operand = ''] = COMPARISON.exec(written) ?? [];
  if (operand === '') return 'a value, or a comparison such as ">= 80%"';
  const amount = quantity(operand);
  const text = `${figure} ${operator} ${operand}`;
  const objection = unitObjection(figure, amount.unit, operator);
  return objection ?? { figure, operator: operator as Operator, ...amount, text };
}

const EXPRESSION = /^\s*([A-Za-z_][\w.-]*)\s*((?:==|!=|<=|>=|<|>).*)$/s;

/** `errors == 0`, or why it is no condition. */
export function parseExpression(text: string): Condition | string {
  const [, figure, comparison] = EXPRESSION.exec(text) ?? [];
  return figure === undefined || comparison === undefined
    ? 'a figure, a comparison and a value, such as errors == 0'
    : parseComparison(figure, comparison);
}

function quantity(operand: string): { readonly value: number | string; readonly unit: Unit } {
  if (NUMBER.test(operand)) return { value: Number(operand), unit: 'number' };
  const share = /^(-?\d+(?:\.\d+)?)\s*%$/.exec(operand)?.[1];
  if (share !== undefined) return { value: Number(share) / 100, unit: 'ratio' };
  const length = parseDuration(operand);
  if (length !== undefined) return { value: length, unit: 'ms' };
  const [, count, size = ''] = /^(\d+(?:\.\d+)?)\s*([kKMG]i?B|B)$/.exec(operand) ?? [];
  if (count !== undefined) return { value: Number(count) * (BYTES[size] ?? 1), unit: 'bytes' };
  return { value: operand, unit: 'text' };
}

const UNIT_NAMES: Readonly<Record<Unit, string>> = {
  ratio: 'a percentage or a ratio, such as ">= 80%"',
  ms: 'a duration, such as "< 500ms"',
  bytes: 'a size, such as "< 10MB"',
  number: 'a number, such as 0 or "<= 5"',
  text: 'a word, such as pass',
};

function unitObjection(figure: string, unit: Unit, operator: string): string | undefined {
  const known = KNOWN_UNITS.find(([pattern]) => pattern.test(figure))?.[1];
  const bareRatio = known === 'ratio' && unit === 'number';
  if (known !== undefined && known !== unit && !bareRatio) return UNIT_NAMES[known];
  if (unit === 'text' && operator !== '==' && operator !== '!=')
    return 'a number with or without a unit (words can only be equal or not)';
  return undefined;
}
