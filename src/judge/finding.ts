import { baselineBreaks, type LimitRule } from './absolute.ts';
import { matters } from './effects.ts';
import type { Evidence } from './evidence.ts';
import { comparedErrors, comparedLatency, odds, overLimit } from './wording.ts';

export type Verdict = 'ok' | 'warning' | 'issue' | 'undecided';

/** What canary and baseline are compared in. */
type Comparison = 'error-ratio' | 'latency' | 'crashes';

export type Rule =
  // issue
  | 'dead-release'
  | LimitRule
  | Comparison
  // warning
  | 'stale-data'
  | 'no-canary-data'
  | 'no-baseline-data'
  | 'evidence-without-effect'
  | 'evidence-warning'
  | 'step-time-over'
  // undecided
  | 'step-time'
  | 'warm-up'
  | 'certificate'
  // ok
  | 'healthy';

/** What an issue asks for: the smallest step at once while judging goes on, or an end to the rollout. Null for all other verdicts. */
export type Response = 'retreat' | 'rollback' | null;

/** Which rule fired, and its figures in a sentence. */
export interface Finding {
  readonly verdict: Verdict;
  readonly rule: Rule;
  readonly response: Response;
  readonly reason: string;
}

/** The rule by which this evidence shows harm. */
export function issueIn(evidence: Evidence): Finding | undefined {
  const needed = -Math.log(evidence.alpha);
  const { start, logE } = evidence;
  if (start.deadLogE !== null && start.deadLogE >= needed)
    return issue(
      'dead-release',
      `${start.errors} of the canary's first ${start.requests} requests failed`,
      start.deadLogE,
    );
  const broken = evidence.limits.find((limit) => limit.canary.logE >= needed && !baselineBreaks(limit));
  if (broken !== undefined) return issue(broken.rule, overLimit(broken), broken.canary.logE);
  if (logE.combined < needed || !matters(evidence.effects, evidence.gates)) return undefined;
  const rule = strongest(evidence, 'combined');
  return issue(rule, comparison(evidence, rule), logE.combined);
}

/** What carries most of the combined evidence, or of that for a warning. */
export function strongest({ logE }: Evidence, of: 'combined' | 'warning'): Comparison {
  const slow = of === 'combined' ? logE.latency : logE.latencyWarning;
  const errors = Math.log(0.5) + logE.errors;
  const latency = Math.log(0.3) + (slow ?? -Infinity);
  const crashes = Math.log(0.2) + (logE.crashes ?? -Infinity);
  if (crashes > errors && crashes > latency) return 'crashes';
  return latency > errors ? 'latency' : 'error-ratio';
}

export function comparison(evidence: Evidence, rule: Comparison): string {
  if (rule === 'latency') return comparedLatency(evidence);
  const crashes = evidence.limits.find((limit) => limit.rule === 'crash-rate');
  return rule === 'crashes' && crashes !== undefined ? overLimit(crashes) : comparedErrors(evidence);
}

const issue = (rule: Rule, figures: string, logE: number): Finding => ({
  verdict: 'issue',
  rule,
  response: 'rollback',
  reason: `${figures}, evidence ${odds(logE)}`,
});
const calm =
  (verdict: Exclude<Verdict, 'issue'>) =>
  (rule: Rule, reason: string): Finding => ({ verdict, rule, response: null, reason });
export const ok = calm('ok');
export const warning = calm('warning');
export const undecided = calm('undecided');
