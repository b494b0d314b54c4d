import type { Deployment } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { TimerName } from './effects.ts';
import { activeOf } from './lane.ts';
import { fail } from './pipeline.ts';
import { attemptFailed, beginRollback, rollbackOf, rollbackOverdue, wasUnwatched } from './rollback.ts';
import { advance, inconclusive, soaked } from './rollout.ts';
import { formatDuration } from './time.ts';

/** Looks at the clock: only what the state says is due happens. */
export function timerDue(draft: Draft, deployment: Deployment, timer: TimerName): void {
  const due = deployment.due[timer];
  if (due === undefined || draft.at < due) return;
  if (wasUnwatched(draft, deployment, due)) return;
  switch (timer) {
    case 'deadline':
      return deadline(draft, deployment);
    case 'step_minimum':
      return advance(draft, deployment.id);
    case 'step_maximum':
      return stepOver(draft, deployment);
    case 'pause':
      return pauseOver(draft, deployment);
    case 'soak':
      return soaked(draft, deployment.id);
    case 'to_zero':
      return attemptFailed(draft, deployment, `attempt ${rollbackOf(deployment).attempt} took too long`);
  }
}

/** While a successor rolls out, the one that soaks is its way back and is not itself taken back: it stays paused. */
function pauseOver(draft: Draft, { id, plan }: Deployment): void {
  const paused = `paused for ${formatDuration(plan.pauseLimit)}`;
  const active = activeOf(draft.lane());
  if (active === undefined || active.id === id) return beginRollback(draft, id, `policy: ${paused}`);
  draft.emit({
    type: 'deployment.paused',
    deployment: id,
    reason: `${paused}, and ${active.id} is rolling out`,
  });
}

function stepOver(draft: Draft, deployment: Deployment): void {
  advance(draft, deployment.id);
  const { status } = draft.deployment(deployment.id);
  const stays = status.state === 'deploying' && status.rollout.phase === 'watching';
  if (stays && deployment.paused === null) inconclusive(draft, deployment);
}

/** No state lasts for ever: what happens at each one's deadline. */
function deadline(draft: Draft, deployment: Deployment): void {
  const { id, status } = deployment;
  switch (status.state) {
    case 'pending':
      return reject(draft, id, 'not accepted in time');
    case 'validating':
      return fail(draft, id, 'pre-flight took too long');
    case 'building':
      return fail(draft, id, 'the build took too long');
    case 'testing':
      return fail(draft, id, `gates took too long: ${Object.keys(status.running).join(', ')}`);
    case 'approval':
      draft.emit({ type: 'approval.expired', deployment: id });
      return reject(draft, id, 'approval expired');
    case 'expired':
      return reject(draft, id, 'approval expired');
    case 'approved':
      return reject(draft, id, 'waited too long for its turn');
    case 'deploying':
      return beginRollback(draft, id, 'the rollout took too long');
    case 'verifying':
      return beginRollback(draft, id, 'verification took too long');
    case 'monitoring':
      return draft.emit({
        type: 'deployment.paused',
        deployment: id,
        reason: 'the soak ended without a clear verdict',
      });
    case 'rolling_back':
      return rollbackOverdue(draft, deployment);
    case 'completed':
    case 'failed':
    case 'rejected':
      return;
  }
}

function reject(draft: Draft, id: Deployment['id'], reason: string): void {
  draft.emit({ type: 'deployment.rejected', deployment: id, reason });
}
