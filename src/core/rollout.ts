import type { Deployment, Rollout } from './deployment.ts';
import type { Draft } from './draft.ts';
import type { DeploymentId } from './ids.ts';
import type { Result } from './input.ts';
import { activeOf, soakingOf } from './lane.ts';
import type { CanaryStep, PlannedSteps } from './plan.ts';
import { instancesFor, needsVerdict, RETIRE_LIMIT, SHIFT_LIMIT, stepsOf } from './planner.ts';
import type { Revision } from './release.ts';
import { beginRollback } from './rollback.ts';
import { elapsed } from './time.ts';
import { ALL } from './weights.ts';

/** prepare -> start -> shift -> watch, then the next step; after the last one verify -> monitor -> complete. */
export function startRollout(draft: Draft, id: DeploymentId): void {
  const key = draft.nextKey(id, 'prepare');
  const previous = draft.lane().environment.serving;
  draft.emit({ type: 'deployment.started', deployment: id, previous, key });
  const { plan } = draft.deployment(id);
  draft.perform(id, key, plan.deadlines.deploying, { kind: 'prepare', revision: revisionOf(draft, id) });
}

export function prepared(
  draft: Draft,
  deployment: Deployment,
  result: Result<{ readonly planned?: PlannedSteps }>,
): void {
  if (!result.ok) return beginRollback(draft, deployment.id, `prepare: ${result.reason}`);
  if (result.planned !== undefined)
    draft.emit({ type: 'canary.planned', deployment: deployment.id, ...result.planned });
  enterStep(draft, deployment.id, 0);
}

/** Goes to a step: first the instances that its weight needs, then the weight. */
export function enterStep(draft: Draft, id: DeploymentId, index: number): void {
  const deployment = draft.deployment(id);
  const step = stepAt(deployment, index);
  draft.emit({ type: 'canary.step', deployment: id, step: index, weight: step.weight });
  const count = instancesFor(step.weight, deployment.plan.runtime.instances);
  if (rolloutOf(deployment).instances >= count) return shift(draft, id);
  const key = draft.nextKey(id, 'start');
  draft.emit({ type: 'instances.starting', deployment: id, count, key });
  const revision = revisionOf(draft, id);
  draft.perform(id, key, deployment.plan.health.startTimeout, { kind: 'start', revision, count });
}

export function started(
  draft: Draft,
  deployment: Deployment,
  result: Result<{ readonly ready: number }>,
): void {
  if (!result.ok) return beginRollback(draft, deployment.id, `start: ${result.reason}`);
  draft.emit({ type: 'instances.ready', deployment: deployment.id, count: result.ready });
  shift(draft, deployment.id);
}

function shift(draft: Draft, id: DeploymentId): void {
  const deployment = draft.deployment(id);
  const { weight } = stepAt(deployment, rolloutOf(deployment).step);
  const key = draft.nextKey(id, 'shift');
  draft.emit({ type: 'traffic.shifting', deployment: id, weight, key });
  const canary = { revision: revisionOf(draft, id), weight };
  draft.perform(id, key, SHIFT_LIMIT, { kind: 'shift', stable: deployment.previous, canary });
}

export function shifted(draft: Draft, deployment: Deployment, result: Result): void {
  if (!result.ok) return beginRollback(draft, deployment.id, `traffic: ${result.reason}`);
  const { weight } = stepAt(deployment, rolloutOf(deployment).step);
  draft.emit({ type: 'traffic.shifted', deployment: deployment.id, weight });
  advance(draft, deployment.id);
}

/** To the next step, or out of the last one, if everything that the present step asks for is there. */
export function advance(draft: Draft, id: DeploymentId): void {
  const deployment = draft.deployment(id);
  const { status, due, paused } = deployment;
  if (status.state !== 'deploying' || status.rollout.phase !== 'watching' || paused !== null) return;
  const step = stepAt(deployment, status.rollout.step);
  if (due.step_minimum === undefined || draft.at < due.step_minimum) return;
  if (needsVerdict(deployment, step) && status.rollout.verdict !== 'ok') return;
  leaveStep(draft, id);
}

/** Also where a person says so. */
export function leaveStep(draft: Draft, id: DeploymentId): void {
  const deployment = draft.deployment(id);
  const next = rolloutOf(deployment).step + 1;
  if (next < stepsOf(deployment).length) return enterStep(draft, id, next);
  const key = draft.nextKey(id, 'verify');
  draft.emit({ type: 'deployment.verifying', deployment: id, key });
  const revision = revisionOf(draft, id);
  draft.perform(id, key, deployment.plan.deadlines.verifying, { kind: 'verify', revision });
}

export function verified(draft: Draft, deployment: Deployment, result: Result): void {
  if (!result.ok) return beginRollback(draft, deployment.id, `verification: ${result.reason}`);
  goLive(draft, deployment.id);
}

function goLive(draft: Draft, id: DeploymentId): void {
  const predecessor = soakingOf(draft.lane());
  const revision = revisionOf(draft, id);
  if (predecessor !== undefined) {
    const ended = { soakComplete: false, revision: revisionOf(draft, predecessor.id) };
    draft.emit({ type: 'deployment.completed', deployment: predecessor.id, ...ended });
  }
  draft.emit({ type: 'deployment.live', deployment: id, revision });
  if (predecessor !== undefined) retire(draft, id, { withPrevious: true });
  soaked(draft, id);
}

/** Ends the soak when it has lasted long enough and nothing speaks against the release. */
export function soaked(draft: Draft, id: DeploymentId): void {
  const { status, due, paused } = draft.deployment(id);
  if (status.state !== 'monitoring' || paused !== null) return;
  const { verdict, degraded } = status.rollout;
  if (due.soak === undefined || draft.at < due.soak) return;
  if (degraded || verdict === 'warning' || verdict === 'issue') return;
  const revision = revisionOf(draft, id);
  // Where a successor rolls out, the traffic is its own: it retires what is left over when it ends, and the rest of the soak was not
  // judged.
  const alone = activeOf(draft.lane()) === undefined;
  if (alone) retire(draft, id, { withPrevious: false });
  draft.emit({ type: 'deployment.completed', deployment: id, soakComplete: alone, revision });
}

/** Ends what runs beside the live revision and, where it is still the way back, the previous one. */
function retire(draft: Draft, id: DeploymentId, { withPrevious }: { readonly withPrevious: boolean }): void {
  const revision = revisionOf(draft, id);
  const key = draft.nextKey(id, 'retire');
  draft.emit({ type: 'instances.retiring', deployment: id, key });
  const split = withPrevious
    ? { stable: draft.deployment(id).previous, canary: { revision, weight: ALL } }
    : { stable: revision, canary: null };
  draft.perform(id, key, RETIRE_LIMIT, { kind: 'retire', ...split });
}

/** The judge's rules that say that nothing is known. */
const WITHOUT_DATA: ReadonlySet<string> = new Set(['stale-data', 'no-canary-data', 'no-baseline-data']);

/** The step's time is over and its question is not answered. */
export function inconclusive(draft: Draft, deployment: Deployment): void {
  const { id, plan, since } = deployment;
  const { shiftedAt, verdict, rule } = rolloutOf(deployment);
  const watched = elapsed(shiftedAt ?? since, draft.at);
  const reason = `no clear verdict after ${Math.round(watched / 1000)} s (${verdict ?? 'undecided'})`;
  const hasData = verdict !== null && !WITHOUT_DATA.has(rule ?? '');
  if (plan.onInconclusive === 'rollback') return beginRollback(draft, id, `policy: ${reason}`);
  if (plan.onInconclusive === 'proceed' && hasData && verdict !== 'issue') return leaveStep(draft, id);
  draft.emit({ type: 'deployment.paused', deployment: id, reason });
}

export function rolloutOf({ id, status }: Deployment): Rollout {
  if (!('rollout' in status)) throw new Error(`${id} has no rollout in state ${status.state}`);
  return status.rollout;
}

function stepAt(deployment: Deployment, index: number): CanaryStep {
  const step = stepsOf(deployment)[index];
  if (step === undefined) throw new Error(`${deployment.id} has no step ${index}`);
  return step;
}

export function revisionOf(draft: Draft, id: DeploymentId): Revision {
  const { revision } = draft.deployment(id);
  if (revision === null) throw new Error(`${id} was not built`);
  return revision;
}
