import type { Evidence } from './evidence.ts';
import { plainIssue, type PlainFinding, type PlainRule } from './plain/index.ts';
import { breaksToo, isAbove, type LimitEvidence, type LimitRule } from './sequential/absolute.ts';
import { combine, logEFor, strongest } from './sequential/combined.ts';
import { matters } from './sequential/effects.ts';
import type { EffectGates } from './settings.ts';
import { comparedErrors, comparedLatency, odds, overLimit } from './wording.ts';

export type Verdict = 'ok' | 'warning' | 'issue' | 'undecided';

/** What canary and baseline are compared in. */
type Comparison = 'error-ratio' | 'latency' | 'crashes';

export type Rule =
  // issue
  | 'dead-release'
  | LimitRule
  | Comparison
  // any
  | PlainRule
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
  | 'too-varied'
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

/** The rule for which the canary is rolled back. */
export function rollbackIn(evidence: Evidence): Finding | undefined {
  const needed = logEFor(evidence);
  const { start } = evidence;
  if (start.deadLogE !== null && start.deadLogE >= needed.issue)
    return issue(
      'rollback',
      'dead-release',
      `${start.errors} of the canary's first ${start.requests} requests failed`,
      start.deadLogE,
    );
  if (evidence.plain !== null) {
    const finding = plainIssue(evidence.plain);
    return finding && fromPlain(finding);
  }
  const broken = evidence.limits.find(
    (limit) =>
      limit.canary.logE >= needed.issue && !breaksToo(limit.baseline.logE) && isHeld(limit, evidence.gates),
  );
  if (broken !== undefined) return issue('rollback', broken.rule, overLimit(broken), broken.canary.logE);
  if (lastingLogE(evidence) < needed.rollback || !matters(evidence.effects, evidence.gates)) return undefined;
  return compared('rollback', evidence);
}

/** Without what may pass with the canary's first minutes. */
const lastingLogE = ({ logE, mayBeCold }: Evidence): number =>
  mayBeCold && logE.latency !== null ? combine(logE.errors, -Infinity, logE.crashes) : logE.combined;

/** Whether the limit holds for the canary alone, or is asked for beside the baseline and the canary is above that as well. */
const isHeld = (limit: LimitEvidence, gates: EffectGates): boolean =>
  limit.rule !== 'absolute-error-rate' || gates.errorLimitAboveBaseline !== true || isAbove(limit);

/** The rule for which the canary retreats, while judging goes on. With one stage there is no retreat. */
export function retreatIn(evidence: Evidence): Finding | undefined {
  const shown =
    evidence.stages === 2 && evidence.plain === null && evidence.logE.combined >= logEFor(evidence).issue;
  return shown && matters(evidence.effects, evidence.gates) ? compared('retreat', evidence) : undefined;
}

/** A plain rule knows one stage. */
export const fromPlain = (finding: PlainFinding): Finding => ({
  ...finding,
  response: finding.verdict === 'issue' ? 'rollback' : null,
});

function compared(response: Response, evidence: Evidence): Finding {
  const rule = strongest(evidence.logE, 'combined');
  return issue(response, rule, comparison(evidence, rule), evidence.logE.combined);
}

export function comparison(evidence: Evidence, rule: Comparison): string {
  if (rule === 'latency') return comparedLatency(evidence);
  const crashes = evidence.limits.find((limit) => limit.rule === 'crash-rate');
  return rule === 'crashes' && crashes !== undefined ? overLimit(crashes) : comparedErrors(evidence);
}

const issue = (response: Response, rule: Rule, figures: string, logE: number): Finding => ({
  verdict: 'issue',
  rule,
  response,
  reason: `${figures}, evidence ${odds(logE)}`,
});
const calm =
  (verdict: Exclude<Verdict, 'issue'>) =>
  (rule: Rule, reason: string): Finding => ({ verdict, rule, response: null, reason });
export const ok = calm('ok');
export const warning = calm('warning');
export const undecided = calm('undecided');
