import type { DeploymentSummary } from '../../views/summary.ts';

/** The state as people call it. */
export function stateText({ state, rolledBack, paused, soakComplete }: DeploymentSummary): string {
  if (paused) return `${state}, paused`;
  if (state === 'failed' && rolledBack) return 'rolled back';
  if (state === 'completed' && soakComplete === false) return 'completed early';
  return state.replace('_', ' ');
}
