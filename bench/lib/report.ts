import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

/** A bar on what was measured: on the value itself, on its ratio to the peer's, or on how far it lies above the peer's. */
export interface Bar {
  readonly on: 'value' | 'ratio' | 'difference';
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One measured figure, beside a peer's from the same run where there is one. */
export interface Measured {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  readonly against?: string;
  readonly againstValue?: number;
  /** The ratio to the peer, where it is not simply the quotient of the two values: see `inPairs`. */
  readonly ratio?: number;
  /** How far above the peer, where it is not simply the difference of the two values: see `inPairs`. */
  readonly difference?: number;
  readonly bar?: Bar;
}

interface Row {
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  readonly against: string | null;
  readonly against_value: number | null;
  readonly ratio: number | null;
  readonly bar: string | null;
  readonly met: boolean | null;
}

const GIB = 2 ** 30;

const round = (value: number) => Number(value.toPrecision(4));

function barText({ on, atLeast, atMost }: Bar, unit: string): string {
  const bound = atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`;
  if (on === 'ratio') return `${bound} x`;
  return on === 'value' ? `${bound} ${unit}` : `${bound} ${unit} above`;
}

function toRow(measured: Measured): Row {
  const { what, unit, value, against, againstValue, bar } = measured;
  const ratio = againstValue === undefined ? null : (measured.ratio ?? value / againstValue);
  const difference = measured.difference ?? value - (againstValue ?? Number.NaN);
  const judged = { value, ratio: ratio ?? Number.NaN, difference };
  const met =
    bar && judged[bar.on] >= (bar.atLeast ?? -Infinity) && judged[bar.on] <= (bar.atMost ?? Infinity);
  return {
    what,
    unit,
    value: round(value),
    against: against ?? null,
    against_value: againstValue === undefined ? null : round(againstValue),
    ratio: ratio === null ? null : round(ratio),
    bar: bar === undefined ? null : barText(bar, unit),
    met: met ?? null,
  };
}

const machine = () =>
  `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${round(totalmem() / GIB)} GiB, Node ${process.version}`;

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

const VERDICT = { true: 'met', false: 'MISSED', null: '' } as const;

function print(name: string, rows: readonly Row[]): void {
  const cells = rows.map((row) => [
    row.what,
    `${row.value} ${row.unit}`,
    row.against === null ? '' : `${row.against}${row.against_value === null ? '' : ` ${row.against_value}`}`,
    row.ratio === null ? '' : `${row.ratio} x`,
    row.bar ?? '',
    VERDICT[`${row.met}`],
  ]);
  const table = [['what', 'measured', 'against', 'ratio', 'bar', ''], ...cells];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  console.log(`\n${name} (${machine()}, commit ${commit()})`);
  for (const line of table)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/**
 * Prints the figures as a table and keeps them in `bench/out/<name>.json`. The process ends with 1 when a bar was missed.
 * @param measured figures of one benchmark, in the order to show
 */
export function report(name: string, measured: readonly Measured[]): void {
  const rows = measured.map(toRow);
  const folder = join(import.meta.dirname, '..', 'out');
  mkdirSync(folder, { recursive: true });
  const result = { name, commit: commit(), machine: machine(), rows };
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
  print(name, rows);
  if (rows.some((row) => row.met === false)) process.exitCode = 1;
}

/** The middle of the values; the mean of the two middle ones when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/**
 * Two variants that were measured in turns, round by round: the median of each, and the medians of the ratios and differences
 * within the rounds. What disturbs the machine for a while disturbs both halves of a pair.
 */
export function inPairs(ours: readonly number[], theirs: readonly number[]) {
  const pairs = ours.map((value, i) => [value, theirs[i] ?? Number.NaN] as const);
  return {
    value: median(ours),
    againstValue: median(theirs),
    ratio: median(pairs.map(([value, other]) => value / other)),
    difference: median(pairs.map(([value, other]) => value - other)),
  };
}
