import { assess, verdictOf, type AssessmentRecord, type Finding, type Judge } from '../../judge/index.ts';
import type { ReadRecord, RecordedVerdict } from './record.ts';
import { Replay } from './replay.ts';

/** What judging a record again came to. */
export interface Verification {
  readonly verified: boolean;
  readonly verdicts: number;
  readonly ticks: number;
  readonly differences: readonly Difference[];
}

/** One field in which a verdict is not what it should be. */
export interface Difference {
  /** 1 for the first verdict; the latest look, where there is one, comes behind the last. */
  readonly verdict: number;
  readonly at: number;
  /** `record.evidence.canary.errors` */
  readonly field: string;
  readonly recorded: unknown;
  readonly recomputed: unknown;
  /** What was recomputed it from: `ticks`, or the verdict's own `record`. */
  readonly from: 'ticks' | 'record';
}

/** Of a number that was computed anew: the last digits may depend on the machine. */
const TOLERANCE = 1e-9;

/** Harm for which a canary is rolled back is told with the look that shows it; where it was tried again, a little later. */
const TOLD_WITHIN_MS = 10_000;

/**
 * Recomputes (a) each verdict from the evidence in its own record, and (b) that evidence from the ticks, and looks whether (c) the ticks show harm that no verdict tells.
 * It needs nothing but the record.
 * @param where names the record in errors
 * @throws SpillwayError `invalid_event` for a record that cannot be judged at all
 */
export function verifyRecord(record: ReadRecord, where: string): Verification {
  const replay = new Replay(record, where);
  const verdicts = [...record.verdicts, ...(record.latest === null ? [] : [record.latest])];
  const differences = verdicts.flatMap((given, index) => {
    replay.until(given.record.lastTickAt);
    const again = assess(replay.judge, given.record.context);
    return differencesOf(given, again, again.record).map((found) => ({
      verdict: index + 1,
      at: given.at,
      ...found,
    }));
  });
  while (replay.next() !== undefined);
  differences.push(...untold(replay.judge, verdicts));
  return {
    verified: differences.length === 0,
    verdicts: verdicts.length,
    ticks: record.ticks.length,
    differences,
  };
}

function untold({ issue, lastTickAt }: Judge, verdicts: readonly RecordedVerdict[]): readonly Difference[] {
  if (issue === undefined || (lastTickAt ?? issue.at) - issue.at < TOLD_WITHIN_MS) return [];
  if (verdicts.some(({ response }) => response === 'rollback')) return [];
  const missing = { field: 'verdict', recorded: undefined, recomputed: 'issue', from: 'ticks' } as const;
  return [{ verdict: verdicts.length + 1, at: issue.at, ...missing }];
}

type Found = Omit<Difference, 'verdict' | 'at'>;

function differencesOf(given: RecordedVerdict, again: Finding, record: AssessmentRecord): readonly Found[] {
  const fromTicks = compare({ ...namesOf(given), record: given.record }, { ...namesOf(again), record });
  const alike = fromTicks.every(({ recorded, recomputed }) => sameKind(recorded, recomputed));
  // What has lost a part of its form can only be held to the ticks.
  const own = alike ? compare(namesOf(given), namesOf(verdictOf(asRecord(given)))) : [];
  return [
    ...own.map((found): Found => ({ ...found, from: 'record' })),
    ...fromTicks.map((found): Found => ({ ...found, from: 'ticks' })),
  ];
}

/** Its form is that of the record which was computed anew. */
const asRecord = ({ record }: RecordedVerdict) => record as unknown as AssessmentRecord;

const namesOf = ({ verdict, rule, response, reason }: RecordedVerdict | Finding) => ({
  verdict,
  rule,
  response,
  reason,
});

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? `list of ${value.length}` : typeof value;
const sameKind = (a: unknown, b: unknown): boolean => kindOf(a) === kindOf(b);

type Pair = Pick<Difference, 'field' | 'recorded' | 'recomputed'>;

/** The fields in which two pieces of plain data differ. */
function compare(recorded: unknown, recomputed: unknown, field = ''): readonly Pair[] {
  if (isObject(recorded) && isObject(recomputed) && sameKind(recorded, recomputed)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(recomputed)]);
    return [...keys].flatMap((key) =>
      compare(recorded[key], recomputed[key], field === '' ? key : `${field}.${key}`),
    );
  }
  return same(recorded, recomputed) ? [] : [{ field, recorded, recomputed }];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'number' || typeof b !== 'number') return false;
  if (Number.isInteger(a) && Number.isInteger(b)) return false;
  return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
}
