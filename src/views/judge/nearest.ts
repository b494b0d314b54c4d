import type { Evidence, JudgeSettings, Rule } from '../../judge/index.ts';

/** ln of the evidence from which something happens. */
export interface Thresholds {
  readonly warning: number;
  /** Null where the first response is the rollback. */
  readonly retreat: number | null;
  readonly rollback: number;
  readonly certificate: number;
}

export interface NearestRule {
  readonly rule: Rule;
  readonly logE: number;
  /** At which it asks for something. */
  readonly needed: number;
}

/** The evidence that a rollout pauses at (E >= 10), and by how much more the second stage asks than the first. */
const WARNING = Math.log(10);
const SECOND_STAGE = Math.log(10);

export function thresholdsOf({ alpha, stages, certificate }: JudgeSettings): Thresholds {
  const first = -Math.log(alpha);
  return {
    warning: WARNING,
    retreat: stages === 2 ? first : null,
    rollback: stages === 2 ? first + SECOND_STAGE : first,
    certificate: Math.log(certificate === 'strict' ? 100 : 20),
  };
}

/** The rule that has come nearest to finding harm, or has found the most. */
export function nearestRule(
  { logE, limits, start, alpha }: Evidence,
  { retreat, rollback }: Thresholds,
): NearestRule {
  const needed = -Math.log(alpha);
  const comparison: NearestRule = {
    rule: strongest(logE),
    logE: logE.combined,
    needed: retreat ?? rollback,
  };
  const others: NearestRule[] = limits.map(({ rule, canary }) => ({ rule, logE: canary.logE, needed }));
  if (start.deadLogE !== null) others.push({ rule: 'dead-release', logE: start.deadLogE, needed });
  return others.reduce(
    (nearest, one) => (one.logE - one.needed > nearest.logE - nearest.needed ? one : nearest),
    comparison,
  );
}

/** What carries most of the combined evidence: `.5 errors + .3 latency + .2 crashes`. */
function strongest({ errors, latency, crashes }: Evidence['logE']): Rule {
  const parts: readonly (readonly [Rule, number])[] = [
    ['error-ratio', Math.log(0.5) + errors],
    ['latency', Math.log(0.3) + (latency ?? -Infinity)],
    ['crashes', Math.log(0.2) + (crashes ?? -Infinity)],
  ];
  return parts.reduce((most, one) => (one[1] > most[1] ? one : most))[0];
}
