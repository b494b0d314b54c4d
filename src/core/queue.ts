import type { Deployment } from './deployment.ts';
import type { Draft } from './draft.ts';
import { activeOf, soakingOf, waitingOf, type Lane } from './lane.ts';
import { labelOf } from './release.ts';
import { startRollout } from './rollout.ts';

/**
 * All waiting happens in `approved`: the newest release only, and a way back before any release. Runs at the end of
 * every decision, so that whatever has made room lets the next one begin.
 */
export function settle(draft: Draft): void {
  supersede(draft);
  startNext(draft);
}

function startNext(draft: Draft): void {
  const next = nextOf(draft.lane());
  if (next === undefined) return;
  if (isServing(draft.lane(), next)) {
    const label = next.revision === null ? 'it' : labelOf(next.revision);
    draft.emit({
      type: 'deployment.rejected',
      deployment: next.id,
      reason: `duplicate: ${label} carries the traffic already`,
    });
    return startNext(draft);
  }
  startRollout(draft, next.id);
}

function nextOf(lane: Lane): Deployment | undefined {
  if (activeOf(lane) !== undefined) return undefined;
  const waiting = waitingOf(lane);
  const back = waiting.find((d) => d.kind === 'rollback');
  if (back !== undefined) return back;
  const held = lane.environment.locked !== null || soakingOf(lane)?.plan.duringSoak === 'hold';
  return held ? undefined : waiting.at(-1);
}

const isServing = (lane: Lane, deployment: Deployment): boolean =>
  deployment.revision !== null && deployment.revision.digest === lane.environment.serving?.digest;

/** A release that is approved while a newer one has got as far, or further, comes too late. */
function supersede(draft: Draft): void {
  const { deployments } = draft.lane();
  deployments.forEach((older, place) => {
    if (older.kind !== 'release' || older.status.state !== 'approved') return;
    const newer = deployments.slice(place + 1).find(hasComeAsFar);
    if (newer === undefined) return;
    draft.emit({ type: 'deployment.rejected', deployment: older.id, reason: `superseded by ${newer.id}` });
  });
}

const hasComeAsFar = ({ kind, status: { state } }: Deployment): boolean =>
  state === 'approved' ||
  (kind === 'release' && (state === 'deploying' || state === 'verifying' || state === 'monitoring'));
