import { judgeCondition } from '../../core/condition.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Figures } from './figures.ts';
import type { CommandGateSettings } from './schema.ts';

export interface Verdict {
  readonly verdict: 'pass' | 'warn' | 'fail';
  readonly reason: string;
  readonly figures: JsonObject;
}

/**
 * Judges a command that has exited. Without conditions the exit code 0 passes. With conditions each must hold, and an exit
 * code other than 0 fails unless one of them judges `exit_code`: figures of a command that failed half-way say little.
 */
export function judge(settings: CommandGateSettings, code: number, read: Figures, lastLine: string): Verdict {
  const figures: JsonObject = {
    errors: code === 0 ? 0 : 1,
    ...(read.ok ? read.figures : {}),
    exit_code: code,
  };
  const results = settings.conditions.map((condition) => judgeCondition(condition, figures));
  const reasonsOf = (verdict: string) =>
    results.filter((one) => one.verdict === verdict).map((one) => one.reason);
  const judgesExit = settings.conditions.some((condition) => condition.figure === 'exit_code');
  const exit = `exited with code ${code}${lastLine ? `: ${lastLine.slice(0, 500)}` : ''}`;

  const failed = [
    ...(read.ok ? [] : [read.reason]),
    ...reasonsOf('fail'),
    ...(settings.on_missing === 'fail' ? reasonsOf('missing') : []),
    ...(code === 0 || judgesExit ? [] : [exit]),
  ];
  if (failed.length > 0) return { verdict: 'fail', reason: failed.join('; '), figures };
  const unknown = reasonsOf('missing');
  if (unknown.length > 0) return { verdict: 'warn', reason: unknown.join('; '), figures };
  return { verdict: 'pass', reason: reasonsOf('pass').join('; ') || 'exited with code 0', figures };
}
