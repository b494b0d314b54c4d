import type { Deployment } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { EffectKey } from './ids.ts';
import type { Outcome } from './input.ts';
import { buildEnded, gateEnded, preflightEnded } from './pipeline.ts';
import { cleanedUp, restored, trafficBack } from './rollback.ts';
import { prepared, shifted, started, verified } from './rollout.ts';

/** What an effect came to, if the deployment still waits for it. */
export function conclude(draft: Draft, deployment: Deployment, outcome: Outcome): void {
  if (!isExpected(deployment, outcome)) return;
  const wayBack = deployment.status.state === 'rolling_back';
  switch (outcome.effect) {
    case 'preflight':
      return preflightEnded(draft, deployment, outcome);
    case 'build':
      return buildEnded(draft, deployment, outcome);
    case 'gate':
      return gateEnded(draft, deployment, outcome);
    case 'prepare':
      return prepared(draft, deployment, outcome.result);
    case 'start':
      return wayBack
        ? restored(draft, deployment, outcome.result)
        : started(draft, deployment, outcome.result);
    case 'shift':
      return wayBack
        ? trafficBack(draft, deployment, outcome.result)
        : shifted(draft, deployment, outcome.result);
    case 'verify':
      return verified(draft, deployment, outcome.result);
    case 'retire':
      return cleanedUp(draft, deployment);
  }
}

const isExpected = (deployment: Deployment, outcome: Outcome): boolean =>
  outcome.effect === 'gate'
    ? deployment.status.state === 'testing' && deployment.status.running[outcome.gate] === outcome.key
    : expectedOf(deployment) === outcome.key;

function expectedOf({ status }: Deployment): EffectKey | null {
  switch (status.state) {
    case 'validating':
    case 'building':
      return status.expects;
    case 'deploying':
    case 'verifying':
    case 'monitoring':
      return status.rollout.expects;
    case 'rolling_back':
      return status.rollback.expects;
    case 'pending':
    case 'testing':
    case 'approval':
    case 'expired':
    case 'approved':
    case 'completed':
    case 'failed':
    case 'rejected':
      return null;
  }
}
