import type { Draft } from './draft.ts';
import type { DeploymentId } from './ids.ts';
import { homeStep, MOST_RETREATS, RETREAT_LIMIT, stepsOf } from './planner.ts';
import { beginRollback } from './rollback.ts';
import { revisionOf, rolloutOf } from './rollout.ts';

/**
 * Harm is shown, but not beyond doubt: the canary goes back to its smallest share at once, whatever is under way is called
 * off, and judging goes on there. What is back there already stays. Where there is no smaller share, all of it goes back.
 */
export function retreat(draft: Draft, id: DeploymentId, reason: string): void {
  const deployment = draft.deployment(id);
  const home = homeStep(deployment);
  const weight = home === null ? undefined : stepsOf(deployment)[home]?.weight;
  if (home === null || weight === undefined) return beginRollback(draft, id, reason);
  const { step, weight: from, retreats } = rolloutOf(deployment);
  if (step <= home) return;
  if (retreats >= MOST_RETREATS)
    return beginRollback(draft, id, `${reason}; shown again after it had retreated ${retreats} times`);
  draft.cancel(id);
  const key = draft.nextKey(id, 'shift');
  draft.emit({ type: 'canary.retreated', deployment: id, step: home, from, weight, reason, key });
  const canary = { revision: revisionOf(draft, id), weight };
  draft.perform(id, key, RETREAT_LIMIT, { kind: 'shift', stable: deployment.previous, canary });
}
