import { messageOf } from '../core/errors.ts';
import { tickFromJson } from '../judge/index.ts';
import { checkTick } from '../judge/tick.ts';
import type { ReadRecord } from '../views/judge/record.ts';
import { DEFAULT_META, type TraceProblem, type TraceProblems, type TraceSink } from './trace.ts';

/** Plays a deployment's judge record as a trace: the same counts, and what was known of stable's instances before. Problems tell ticks from 1. */
export function playRecord(record: ReadRecord, sink: TraceSink): TraceProblems {
  const { settings, version, history, started_at: startedAt, ticks } = record;
  const told: TraceProblem[] = [];
  let lastAt = startedAt;
  let begun = false;
  for (const [place, json] of ticks.entries()) {
    try {
      const tick = tickFromJson(json);
      checkTick(tick, lastAt);
      if (!begun) {
        const intervalMs = Math.max(1000, tick.at - startedAt);
        sink.begin({ ...DEFAULT_META, unit: settings.unit, canary: version, intervalMs, history }, startedAt);
      }
      begun = true;
      lastAt = tick.at;
      sink.tick(tick);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      told.push({ line: place + 1, message: messageOf(error) });
      return { told, count: 1 };
    }
  }
  return begun
    ? { told, count: 0 }
    : { told: [{ line: 0, message: 'there is not one tick in it' }], count: 1 };
}
