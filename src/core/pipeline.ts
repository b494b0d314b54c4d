import type { Deployment, GateOutcome } from './deployment.ts';
import type { Draft } from './draft.ts';
import { configurationNumber } from './environment.ts';
import type { Outcome } from './input.ts';
import type { DeploymentId } from './ids.ts';

type OutcomeOf<Kind extends Outcome['effect']> = Extract<Outcome, { readonly effect: Kind }>;

/** The way of a deployment up to `approved`: each function enters the next state and starts what belongs to it. */
export function validate(draft: Draft, id: DeploymentId): void {
  const { request, plan } = draft.deployment(id);
  if (request.emergency) {
    draft.emit({ type: 'deployment.validating', deployment: id, key: null });
    return build(draft, id);
  }
  const key = draft.nextKey(id, 'preflight');
  draft.emit({ type: 'deployment.validating', deployment: id, key });
  draft.perform(id, key, plan.deadlines.validating, { kind: 'preflight' });
}

export function preflightEnded(
  draft: Draft,
  deployment: Deployment,
  { result }: OutcomeOf<'preflight'>,
): void {
  if (!result.ok) return fail(draft, deployment.id, `pre-flight: ${result.reason}`);
  draft.emit({ type: 'preflight.passed', deployment: deployment.id, checks: result.checks });
  build(draft, deployment.id);
}

function build(draft: Draft, id: DeploymentId): void {
  const { plan, revision } = draft.deployment(id);
  if (revision !== null) {
    draft.emit({ type: 'deployment.building', deployment: id, key: null });
    return built(draft, id);
  }
  const key = draft.nextKey(id, 'build');
  draft.emit({ type: 'deployment.building', deployment: id, key });
  draft.perform(id, key, plan.deadlines.building, { kind: 'build' });
}

export function buildEnded(draft: Draft, deployment: Deployment, { result }: OutcomeOf<'build'>): void {
  if (!result.ok) return fail(draft, deployment.id, `build: ${result.reason}`);
  const configuration = configurationNumber(draft.lane().environment, result.revision);
  const revision = { ...result.revision, configuration };
  draft.emit({ type: 'release.built', deployment: deployment.id, revision });
  built(draft, deployment.id);
}

function built(draft: Draft, id: DeploymentId): void {
  const { kind } = draft.deployment(id);
  draft.emit({ type: 'deployment.testing', deployment: id });
  if (kind === 'release') startGates(draft, id);
  else askApproval(draft, id);
}

/** Starts every gate whose predecessors have ended; when none is left to start or to wait for, goes on. */
function startGates(draft: Draft, id: DeploymentId): void {
  const deployment = draft.deployment(id);
  const { plan, gates, status } = deployment;
  if (status.state !== 'testing') return;
  const pending = plan.gates.filter((gate) => gates[gate.name] === undefined);
  if (pending.length === 0) return askApproval(draft, id);
  for (const gate of pending) {
    const ready = gate.needs.every((needed) => gates[needed] !== undefined);
    if (!ready || status.running[gate.name] !== undefined) continue;
    const key = draft.nextKey(id, 'gate');
    draft.emit({ type: 'gate.started', deployment: id, gate: gate.name, key });
    draft.perform(id, key, gate.timeout, { kind: 'gate', gate: gate.name });
  }
}

export function gateEnded(draft: Draft, deployment: Deployment, { gate, result }: OutcomeOf<'gate'>): void {
  const { id, plan } = deployment;
  const outcome: GateOutcome = result.ok
    ? result.outcome
    : { verdict: 'fail', reason: result.reason, figures: {}, evidence: null };
  const blocks = plan.gates.find((planned) => planned.name === gate)?.onFailure !== 'warn';
  if (outcome.verdict === 'fail' && blocks) {
    draft.emit({ type: 'gate.failed', deployment: id, gate, outcome });
    return fail(draft, id, `gate ${gate}: ${outcome.reason}`);
  }
  const type = outcome.verdict === 'pass' ? 'gate.passed' : 'gate.warned';
  draft.emit({ type, deployment: id, gate, outcome });
  startGates(draft, id);
}

/** No plan can ask for an approval yet: the configuration refuses it, so here none is required. */
function askApproval(draft: Draft, id: DeploymentId): void {
  draft.emit({ type: 'deployment.awaiting_approval', deployment: id });
  draft.emit({ type: 'deployment.approved', deployment: id });
}

/** Ends a deployment that has not touched what runs. */
export function fail(draft: Draft, id: DeploymentId, reason: string): void {
  draft.emit({ type: 'deployment.failed', deployment: id, reason, rolledBack: null });
}
