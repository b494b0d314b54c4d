import type { Deployment } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { Command } from './input.ts';
import { findDeployment, type Lane } from './lane.ts';
import { validate } from './pipeline.ts';
import { beginRollback } from './rollback.ts';

type RequestInput = Extract<Command, { readonly type: 'request' }>;

/** A new deployment: recorded in any case, and rejected with its reason when it may not go on. */
export function request(draft: Draft, input: RequestInput): void {
  if (findDeployment(draft.lane(), input.deployment) !== undefined) return;
  const reason = whyNot(draft.lane(), input);
  draft.emit({
    type: 'deployment.requested',
    deployment: input.deployment,
    lane: draft.lane().id,
    kind: input.kind,
    request: input.request,
    plan: input.plan,
  });
  if (reason !== null) {
    draft.emit({ type: 'deployment.rejected', deployment: input.deployment, reason });
    return;
  }
  if (input.kind === 'rollback') abortWhatRolls(draft, input);
  validate(draft, input.deployment);
}

function whyNot(lane: Lane, input: RequestInput): string | null {
  const { locked } = lane.environment;
  if (locked !== null && input.kind === 'release') return `environment locked: ${locked.reason}`;
  if (input.kind === 'rollback') return null;
  const twin = lane.deployments.find((d) => isTwin(d, input));
  return twin === undefined ? null : `duplicate of ${twin.id}`;
}

/** A live release of the same commit does what is asked for, unless it is on its way out. */
const isTwin = (deployment: Deployment, input: RequestInput): boolean =>
  deployment.kind === 'release' &&
  deployment.request.commit !== '' &&
  deployment.request.commit === input.request.commit &&
  deployment.status.state !== 'rolling_back';

/** Who asks to go back does not want to wait for what is going forward. */
function abortWhatRolls(draft: Draft, input: RequestInput): void {
  const rolling = draft
    .lane()
    .deployments.find((d) => d.status.state === 'deploying' || d.status.state === 'verifying');
  if (rolling !== undefined) beginRollback(draft, rolling.id, `aborted by the rollback ${input.deployment}`);
}
