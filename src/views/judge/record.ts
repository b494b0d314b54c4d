import { z } from 'zod';
import { messageOf, SpillwayError } from '../../core/errors.ts';
import type { AssessmentContext, InstanceHistory, JudgeSettings, TickJson } from '../../judge/index.ts';
import { assessmentContext, instanceHistory, judgeSettings, momentOfTime } from './schema.ts';

/** Everything that the judge of one deployment has seen and said: enough to judge it again without server and store. */
export interface JudgeRecord {
  /** Of this form. */
  readonly record: 1;
  readonly deployment: string;
  readonly application: string;
  readonly environment: string;
  readonly version: string;
  readonly settings: JudgeSettings;
  /** When the canary began to serve, epoch milliseconds. */
  readonly started_at: number;
  /** What the stable version's instances did before. */
  readonly history: InstanceHistory;
  /** When each step began, epoch milliseconds: before the first tick that ends then or later. */
  readonly steps: readonly number[];
  /** Those that were recorded, one for each change of the judge's mind. */
  readonly verdicts: readonly RecordedVerdict[];
  /** What the judge says at the moment of the record, while it still looks. */
  readonly latest: RecordedVerdict | null;
  readonly ticks: readonly TickJson[];
}

/** A verdict as it was given. */
export interface RecordedVerdict {
  readonly at: number;
  /** 0 for the first. */
  readonly step: number;
  readonly verdict: string;
  readonly rule: string;
  readonly response: string | null;
  readonly reason: string;
  /** An `AssessmentRecord`, as somebody wrote it down. */
  readonly record: { readonly context: AssessmentContext; readonly lastTickAt: number | null };
}

/** A record of which everything is read but the ticks: a day of them takes much room at once. */
export interface ReadRecord extends Omit<JudgeRecord, 'ticks'> {
  readonly ticks: readonly unknown[];
}

const label = z.string().max(200);

const verdict = z.strictObject({
  at: momentOfTime,
  step: z.int().min(0),
  verdict: label,
  rule: label,
  response: label.nullable(),
  reason: z.string().max(5000),
  record: z.looseObject({ context: assessmentContext, lastTickAt: momentOfTime.nullable() }),
});

const form = z.strictObject({
  record: z.literal(1),
  deployment: label,
  application: label,
  environment: label,
  version: label,
  settings: judgeSettings,
  started_at: momentOfTime,
  history: instanceHistory,
  steps: z.array(momentOfTime),
  verdicts: z.array(verdict),
  latest: verdict.nullable(),
  ticks: z.array(z.unknown()),
});

/** The text of a record as what it says. @throws SpillwayError as `recordOfJson` does */
export const readRecord = (text: string, where: string): ReadRecord =>
  recordOfJson(jsonOf(text, where), where);

/**
 * Reads a record that anybody may have written. What its ticks say is only looked at when they are judged.
 * @param where names it in errors: the file
 * @throws SpillwayError `invalid_event` with the place of what cannot be read
 */
export function recordOfJson(json: unknown, where: string): ReadRecord {
  const parsed = form.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = (issue?.path ?? []).join('.');
    throw unusable(issue?.message ?? 'it is not one', place === '' ? where : `${where}: ${place}`);
  }
  return parsed.data;
}

function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const cut = !text.trimEnd().endsWith('}');
    throw unusable(cut ? 'it ends in the middle' : `it is not JSON: ${messageOf(error)}`, where);
  }
}

/** The judge's objection to what it was given, with its place. Anything else goes on as it is. */
export const located = (error: unknown, where: string): unknown =>
  error instanceof RangeError ? unusable(error.message, where) : error;

const unusable = (what: string, where: string): SpillwayError =>
  new SpillwayError('invalid_event', `this cannot be judged: ${what}`, { where });
