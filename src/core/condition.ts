import { SpillwayError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';
/** What a value is measured in: a share (0.8 for 80%), milliseconds, bytes, a bare number (counts), or a word (also true and false). */
export type Unit = 'ratio' | 'ms' | 'bytes' | 'number' | 'text';

/** A figure of a gate and what it is compared with. */
export interface Condition {
  readonly figure: string;
  readonly operator: Operator;
  readonly value: number | string;
  readonly unit: Unit;
  /** As written, for people: `coverage >= 80%`. */
  readonly text: string;
}

/** `share`: a ratio that cannot exceed 1. */
type Known = Unit | 'share';

/** Figures whose unit is known by their name (the last part of a path). */
const KNOWN: ReadonlyArray<readonly [RegExp, Known]> = [
  [/coverage$|(?:^|_)(?:pass|error|success|failure)_rate$/, 'share'],
  [/(?:^|_)(?:regression|increase)$/, 'ratio'],
  [/_(?:latency|duration|time)$|^duration$/, 'ms'],
  [/_(?:bytes|size)$/, 'bytes'],
  [/_(?:vulnerabilities|failures|violations|undefined)$/, 'number'],
  [/^(?:errors|warnings|tests|failures|exit_code|provenance_level)$/, 'number'],
  [/^(?:license_compliance|signature)$/, 'text'],
];

const EXPECTED: Readonly<Record<Known, string>> = {
  ratio: 'a percentage or a ratio, such as "< 10%"',
  share: 'a percentage or a ratio from 0 to 1, such as ">= 80%"',
  ms: 'a duration, such as "< 500ms"',
  bytes: 'a size, such as "< 10MB"',
  number: 'a number, such as 0 or "<= 5"',
  text: 'a word, such as pass',
};

/**
 * @param written a bare value (equality), or an operator and a value: `">= 80%"`, `"< 500ms"`, `0`, `pass`, `true`
 * @throws SpillwayError `config_invalid` for what is no comparison, or has a unit that the figure has not; the hint says what was expected
 */
export function parseCondition(figure: string, written: string | number | boolean): Condition {
  const [, operator = '==', operand = ''] = /^\s*(==|!=|<=|>=|<|>)?\s*(.*?)\s*$/s.exec(String(written)) ?? [];
  if (operand === '')
    throw invalid(figure, 'compares with nothing', 'a value, or a comparison such as ">= 80%"');
  const amount = quantity(operand);
  const known = unitOf(figure);
  const unit = known && amount.unit === 'number' ? withoutUnit(known, amount.value) : amount.unit;
  if (known && unit !== plain(known))
    throw invalid(figure, `cannot be compared with ${operand}`, EXPECTED[known]);
  if (known === 'share' && Number(amount.value) > 1)
    throw invalid(figure, `is never above 100%, so cannot be compared with ${operand}`, EXPECTED.share);
  if (unit === 'text' && operator !== '==' && operator !== '!=')
    throw invalid(
      figure,
      `cannot be ${operator} ${operand}`,
      'a number with or without a unit: words are equal or not',
    );
  return {
    figure,
    operator: operator as Operator,
    value: amount.value,
    unit,
    text: `${figure} ${operator} ${operand}`,
  };
}

/** @param text `errors == 0`. @throws SpillwayError `config_invalid` */
export function parseExpression(text: string): Condition {
  const [, figure, comparison] = /^\s*([A-Za-z_][\w.-]*)\s*((?:==|!=|<=|>=|<|>).*)$/s.exec(text) ?? [];
  if (figure === undefined || comparison === undefined)
    throw invalid(text, 'is no condition', 'a figure, a comparison and a value, such as errors == 0');
  return parseCondition(figure, comparison);
}

const invalid = (figure: string, what: string, expected: string) =>
  new SpillwayError('config_invalid', `${figure} ${what}`, { where: figure, hint: `Write ${expected}.` });

const unitOf = (figure: string): Known | undefined => {
  const name = figure.slice(figure.lastIndexOf('.') + 1);
  return KNOWN.find(([pattern]) => pattern.test(name))?.[1];
};

const plain = (known: Known): Unit => (known === 'share' ? 'ratio' : known);

/** The unit of a number that was written without one: ratios and counts need none, and 0 is 0 in every unit. */
const withoutUnit = (known: Known, value: number | string): Unit =>
  known === 'share' || known === 'ratio' || (value === 0 && known !== 'text') ? plain(known) : 'number';

/** Powers of ten, so that the quantity is the double nearest to what was written. */
const DECIMAL: Readonly<Record<string, readonly [Unit, number]>> = {
  '': ['number', 0],
  '%': ['ratio', -2],
  ms: ['ms', 0],
  s: ['ms', 3],
  B: ['bytes', 0],
  kB: ['bytes', 3],
  KB: ['bytes', 3],
  MB: ['bytes', 6],
  GB: ['bytes', 9],
};
const MULTIPLE: Readonly<Record<string, readonly [Unit, number]>> = {
  m: ['ms', 60_000],
  h: ['ms', 3_600_000],
  d: ['ms', 86_400_000],
  KiB: ['bytes', 2 ** 10],
  MiB: ['bytes', 2 ** 20],
  GiB: ['bytes', 2 ** 30],
};

/** A number with its unit, or a word. */
function quantity(text: string): { readonly value: number | string; readonly unit: Unit } {
  const [, digits, unit = ''] = /^([+-]?\d+(?:\.\d+)?)\s*(%|[A-Za-z]*)$/.exec(text) ?? [];
  const decimal = DECIMAL[unit];
  if (digits !== undefined && decimal) return { value: Number(`${digits}e${decimal[1]}`), unit: decimal[0] };
  const multiple = MULTIPLE[unit];
  if (digits !== undefined && multiple) return { value: Number(digits) * multiple[1], unit: multiple[0] };
  return { value: text, unit: 'text' };
}

export interface Judgement {
  /** `missing`: no such figure. */
  readonly verdict: 'pass' | 'fail' | 'missing';
  /** `coverage 71% is not >= 80%`. */
  readonly reason: string;
}

/** A figure by its name, else by its path with dots; undefined when there is none. */
function figureAt(figures: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(figures, path)) return figures[path];
  let found: Json | undefined = figures;
  for (const key of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as JsonObject)[key];
  }
  return found;
}

/**
 * Judges a figure: a number in the condition's unit (ratios from 0 to 1, durations in milliseconds, sizes in bytes), or text
 * with its unit (`71%`, `1.5s`). One in another unit fails: it says something else than was asked.
 */
export function judgeCondition(condition: Condition, figures: JsonObject): Judgement {
  const { figure } = condition;
  const given = figureAt(figures, figure);
  if (given === undefined || given === null)
    return { verdict: 'missing', reason: `${figure} is not among the figures` };
  if (typeof given === 'object') return { verdict: 'fail', reason: `${figure} is not a single value` };
  const amount = amountOf(given, condition);
  if (amount === undefined)
    return {
      verdict: 'fail',
      reason: `${figure} is ${JSON.stringify(given)}, which is not ${EXPECTED[unitOf(figure) ?? condition.unit]}`,
    };
  const shown = `${figure} ${typeof given === 'number' ? show(given, condition.unit) : String(given)}`;
  const wanted = condition.text.slice(figure.length + 1).replace(/^== /, '');
  return holds(amount, condition)
    ? { verdict: 'pass', reason: `${shown} is ${wanted}` }
    : { verdict: 'fail', reason: `${shown} is not ${wanted}` };
}

/** The figure in the condition's unit; undefined when it has another. */
function amountOf(
  given: string | number | boolean,
  { figure, unit }: Condition,
): number | string | undefined {
  if (unit === 'text') return String(given);
  if (typeof given === 'boolean') return undefined;
  const amount = typeof given === 'number' ? { value: given, unit } : quantity(given);
  if (amount.unit !== unit) return undefined;
  // 85 for a share of 85% would pass every ">=" unseen.
  const unbounded = unit !== 'ratio' || unitOf(figure) === 'ratio' || typeof given === 'string';
  return unbounded || Number(amount.value) <= 1 ? amount.value : undefined;
}

function holds(amount: number | string, { operator, value }: Condition): boolean {
  switch (operator) {
    case '==':
      return amount === value;
    case '!=':
      return amount !== value;
    case '<':
      return amount < value;
    case '<=':
      return amount <= value;
    case '>':
      return amount > value;
    case '>=':
      return amount >= value;
  }
}

const SHOWN: Readonly<Record<Unit, string>> = { ratio: '%', ms: 'ms', bytes: 'B', number: '', text: '' };

function show(value: number, unit: Unit): string {
  const rounded = (number: number) => String(Number(number.toPrecision(6)));
  return `${rounded(unit === 'ratio' ? value * 100 : value)}${SHOWN[unit]}`;
}
