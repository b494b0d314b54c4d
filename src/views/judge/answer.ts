import type { Deployment } from '../../core/deployment.ts';
import type { Assessment, Response, Verdict } from '../../judge/index.ts';

/** A verdict as other tools read it: one word, and one number for those that compare numbers. */
export interface VerdictAnswer {
  readonly verdict: Verdict;
  /** 1 ok, 0 not known (undecided, warning), -1 harm was shown. */
  readonly value: 1 | 0 | -1;
  readonly rule: string;
  readonly response: Response;
  readonly reason: string;
}

const VALUES: Readonly<Record<Verdict, VerdictAnswer['value']>> = {
  ok: 1,
  undecided: 0,
  warning: 0,
  issue: -1,
};

export const answerOf = <Said extends Omit<VerdictAnswer, 'value'>>(
  said: Said,
): Said & Pick<VerdictAnswer, 'value'> => ({ ...said, value: VALUES[said.verdict] });

/**
 * What is to be thought of a deployment, from its first moment to long after its end.
 * @param assessment the judge's latest look, while it looks
 */
export function standingOf({ status, paused }: Deployment, assessment: Assessment | null): VerdictAnswer {
  const said = (verdict: Verdict, rule: string, reason: string): VerdictAnswer =>
    answerOf({ verdict, rule, response: null, reason });
  switch (status.state) {
    case 'completed':
      return said('ok', 'completed', 'the rollout is complete');
    case 'failed':
    case 'rejected':
      return said('issue', status.state, status.reason);
    case 'rolling_back':
      return said('issue', status.state, status.rollback.cause);
    case 'deploying':
    case 'verifying':
    case 'monitoring': {
      if (assessment === null) return said('undecided', 'no-data', 'the judge has not looked yet');
      const { verdict, rule, response, reason } = assessment;
      return answerOf({ verdict, rule, response, reason });
    }
    case 'pending':
    case 'validating':
    case 'building':
    case 'testing':
    case 'approval':
    case 'expired':
    case 'approved':
      return said('undecided', status.state, paused?.reason ?? `the deployment is ${status.state}`);
  }
}
