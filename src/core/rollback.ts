import type { Deployment, Rollback } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { DeploymentId } from './ids.ts';
import type { Result } from './input.ts';
import { RETIRE_LIMIT } from './planner.ts';
import type { Revision } from './release.ts';
import { elapsed, seconds, type Instant } from './time.ts';

/** A server that runs rings its timers within this time. */
const PUNCTUAL = seconds(5);
/** Where nobody is there in time again and again, giving time anew would go on for ever: then a person is called. */
const MOST_RESUMPTIONS = 5;

/** Traffic first: everything under way is called off, and all of the traffic goes to what carried it before. */
export function beginRollback(
  draft: Draft,
  id: DeploymentId,
  cause: string,
  event: string | null = null,
): void {
  const { previous: to, plan } = draft.deployment(id);
  draft.cancel(id);
  const key = draft.nextKey(id, 'shift');
  draft.emit({ type: 'rollback.started', deployment: id, to, cause, event, key });
  draft.perform(id, key, plan.rollback.toZero, { kind: 'shift', stable: to, canary: null });
}

export function trafficBack(draft: Draft, deployment: Deployment, result: Result): void {
  if (!result.ok) return attemptFailed(draft, deployment, `traffic: ${result.reason}`);
  const { to: stable } = rollbackOf(deployment);
  const key = draft.nextKey(deployment.id, 'retire');
  draft.emit({ type: 'rollback.traffic_zero', deployment: deployment.id, key });
  draft.perform(deployment.id, key, RETIRE_LIMIT, { kind: 'retire', stable, canary: null });
}

/** The instances to return to run again. */
export function restored(draft: Draft, deployment: Deployment, result: Result): void {
  if (!result.ok) return attemptFailed(draft, deployment, `start: ${result.reason}`);
  const key = draft.nextKey(deployment.id, 'shift');
  draft.emit({ type: 'rollback.restored', deployment: deployment.id, key });
  const { to: stable } = rollbackOf(deployment);
  draft.perform(deployment.id, key, deployment.plan.rollback.toZero, { kind: 'shift', stable, canary: null });
}

/** Whatever is left of the instances carries nothing; the way back is complete. */
export function cleanedUp(draft: Draft, deployment: Deployment): void {
  const { to, cause } = rollbackOf(deployment);
  draft.emit({ type: 'rollback.completed', deployment: deployment.id, to });
  draft.emit({ type: 'deployment.failed', deployment: deployment.id, reason: cause, rolledBack: true });
}

/** The next attempt, then the fallback, then the loud end. */
export function attemptFailed(draft: Draft, deployment: Deployment, reason: string): void {
  const { id, plan } = deployment;
  const { attempt, fallback, to } = rollbackOf(deployment);
  draft.emit({ type: 'rollback.attempt_failed', deployment: id, attempt, reason });
  if (!fallback && to !== null && attempt < plan.rollback.maxAttempts) {
    return tryAgain(draft, id, { attempt: attempt + 1, fallback, to });
  }
  tryFallback(draft, draft.deployment(id), reason);
}

/**
 * A timer of a rollback has rung long after its time: no server ran, so nothing was tried meanwhile, and time that nobody could
 * use does not count. What is under way gets its time anew, told as data, and a person is called only for what failed.
 */
export function wasUnwatched(draft: Draft, deployment: Deployment, due: Instant): boolean {
  const unwatched = elapsed(due, draft.at);
  if (deployment.status.state !== 'rolling_back' || unwatched <= PUNCTUAL) return false;
  if ((rollbackOf(deployment).resumed ?? 0) >= MOST_RESUMPTIONS) return false;
  draft.emit({ type: 'rollback.resumed', deployment: deployment.id, unwatched });
  return true;
}

/** The limit for the whole rollback is over. */
export function rollbackOverdue(draft: Draft, deployment: Deployment): void {
  if (rollbackOf(deployment).phase === 'retiring') return cleanedUp(draft, deployment);
  tryFallback(draft, deployment, 'the time for the rollback is over');
}

function tryFallback(draft: Draft, deployment: Deployment, reason: string): void {
  const { attempt, fallback, to } = rollbackOf(deployment);
  const kept = draft.lane().environment.fallback;
  const usable = kept !== null && kept.digest !== to?.digest && kept.digest !== deployment.revision?.digest;
  if (fallback || !usable) return giveUp(draft, deployment, reason);
  tryAgain(draft, deployment.id, { attempt: attempt + 1, fallback: true, to: kept });
}

type Attempt = Pick<Rollback, 'attempt' | 'fallback'> & { readonly to: Revision };

function tryAgain(draft: Draft, id: DeploymentId, attempt: Attempt): void {
  const { plan } = draft.deployment(id);
  draft.cancel(id);
  const key = draft.nextKey(id, 'start');
  draft.emit({ type: 'rollback.retried', deployment: id, ...attempt, key });
  const count = attempt.to.runtime.instances;
  draft.perform(id, key, plan.rollback.toZero, { kind: 'start', revision: attempt.to, count });
}

/** It never ends silently: the environment is locked and everybody hears of it. */
function giveUp(draft: Draft, deployment: Deployment, last: string): void {
  const { id } = deployment;
  const { cause } = rollbackOf(deployment);
  const reason = `rollback failed: ${last} (rolled back because: ${cause})`;
  draft.emit({ type: 'deployment.failed', deployment: id, reason, rolledBack: false });
  draft.emit({ type: 'environment.locked', reason });
  draft.emit({ type: 'incident.opened', level: 'P0', deployment: id, reason });
}

export function rollbackOf({ id, status }: Deployment): Rollback {
  if (status.state !== 'rolling_back') throw new Error(`${id} is not rolling back`);
  return status.rollback;
}
