import { logEFor, strongest, type Evidence, type Rule } from '../../judge/index.ts';

/** ln of the evidence from which something happens. */
export interface Thresholds {
  readonly warning: number;
  /** Null where the first response is the rollback. */
  readonly retreat: number | null;
  readonly rollback: number;
}

export interface NearestRule {
  readonly rule: Rule;
  readonly logE: number;
  /** At which it asks for something. */
  readonly needed: number;
}

/** The evidence that a rollout pauses at: E >= 10. */
const WARNING = Math.log(10);

export function thresholdsOf(evidence: Evidence): Thresholds {
  const { issue, rollback } = logEFor(evidence);
  return { warning: WARNING, retreat: evidence.stages === 2 ? issue : null, rollback };
}

/** The rule that has come nearest to finding harm, or has found the most. */
export function nearestRule(evidence: Evidence): NearestRule {
  const { logE, limits, start } = evidence;
  const needed = logEFor(evidence).issue;
  const rules: NearestRule[] = [
    { rule: strongest(evidence.logE, 'combined'), logE: logE.combined, needed },
    ...limits.map(({ rule, canary }) => ({ rule, logE: canary.logE, needed })),
    ...(start.deadLogE === null ? [] : [{ rule: 'dead-release' as const, logE: start.deadLogE, needed }]),
  ];
  return rules.reduce((nearest, one) => (one.logE > nearest.logE ? one : nearest));
}
