import type { Deployment, Rollback, Rollout, VerdictName } from '../core/deployment.ts';
import type { LaneEvent } from '../core/events.ts';
import type { DeploymentId } from '../core/ids.ts';
import type { Lane } from '../core/lane.ts';
import { minimumOf } from '../core/planner.ts';
import { labelOf } from '../core/release.ts';
import { elapsed, type Instant } from '../core/time.ts';
import { NONE, percentOf } from '../core/weights.ts';
import type { Assessment } from '../judge/index.ts';
import { figuresOf, type Figures } from './figures.ts';
import { stagesOf, type Mark, type Stage } from './stages.ts';
import { summaryOf, type DeploymentSummary } from './summary.ts';

/** What runs where in one lane, and how far each deployment has come: all that `watch` draws. */
export interface LaneTree {
  readonly application: string;
  readonly environment: string;
  readonly serving: string | null;
  readonly locked: string | null;
  readonly deployments: readonly DeploymentTree[];
}

export interface DeploymentTree {
  readonly summary: DeploymentSummary;
  /** Time since it was requested, until it ended, ms. */
  readonly ageMs: number;
  readonly stages: readonly Stage[];
  readonly rollout: RolloutView | null;
  readonly rollback: RollbackView | null;
  /** Time until a soak ends, ms. */
  readonly soakLeftMs: number | null;
  readonly outcome: Outcome | null;
}

export interface RolloutView {
  /** The canary's share, percent. */
  readonly weight: number;
  readonly instances: number;
  /** How often it went back to its smallest share. */
  readonly retreats: number;
  readonly steps: readonly StepView[];
  readonly step: StepTime | null;
  readonly verdict: VerdictView | null;
  readonly figures: Figures | null;
}

export interface StepView {
  readonly percent: number;
  readonly mark: Mark;
}

/** Times of the present step, ms. */
export interface StepTime {
  readonly elapsedMs: number;
  /** Shown as the whole of the bar: the minimum, and the maximum once that is over. */
  readonly lengthMs: number;
  readonly leftMs: number;
  readonly beyondMinimum: boolean;
}

export interface VerdictView {
  readonly name: VerdictName;
  readonly rule: string;
  readonly reason: string;
}

export interface RollbackView {
  readonly to: string | null;
  readonly cause: string;
  readonly attempt: number;
  readonly fallback: boolean;
  readonly phase: Rollback['phase'];
  /** From the decision until no traffic was left, ms. */
  readonly zeroAfterMs: number | null;
}

export interface Outcome {
  readonly mark: Mark;
  readonly text: string;
}

/** What is known of a deployment beside its state. */
export interface Known {
  /** Of that deployment, oldest first. */
  readonly events: readonly LaneEvent[];
  /** The judge's latest look, fresher than the last event. */
  readonly assessment: Assessment | null;
}

/** @param known by deployment; one without an entry is shown by its state alone */
export function laneTree(lane: Lane, known: ReadonlyMap<DeploymentId, Known>, now: Instant): LaneTree {
  const { serving, locked } = lane.environment;
  return {
    application: lane.id.application,
    environment: lane.id.environment,
    serving: serving && labelOf(serving),
    locked: locked && locked.reason,
    deployments: lane.deployments.map((deployment) =>
      deploymentTree(deployment, known.get(deployment.id) ?? { events: [], assessment: null }, now),
    ),
  };
}

export function deploymentTree(
  deployment: Deployment,
  { events, assessment }: Known,
  now: Instant,
): DeploymentTree {
  const { status } = deployment;
  const summary = summaryOf(deployment);
  const rollback = rollbackOf(events, deployment);
  return {
    summary,
    ageMs: elapsed(deployment.requestedAt, summary.ended ? deployment.since : now),
    stages: stagesOf(deployment, events, now),
    rollout: rolloutOf(deployment, events, assessment, now),
    rollback,
    soakLeftMs:
      status.state === 'monitoring' && deployment.due.soak ? elapsed(now, deployment.due.soak) : null,
    outcome: outcomeOf(deployment, rollback),
  };
}

function rolloutOf(
  deployment: Deployment,
  events: readonly LaneEvent[],
  assessment: Assessment | null,
  now: Instant,
): RolloutView | null {
  const { status, plan } = deployment;
  const rollout = 'rollout' in status ? status.rollout : null;
  const shifted = events.findLast((event) => event.type === 'traffic.shifted');
  const judged = events.findLast((event) => event.type === 'verdict.changed');
  if (!rollout && !shifted) return null;
  const fresh = (rollout && assessment) ?? judged;
  return {
    weight: percentOf(rollout?.weight ?? shifted?.weight ?? NONE),
    instances: rollout?.instances ?? 0,
    retreats: events.filter((event) => event.type === 'canary.retreated').length,
    steps: plan.steps.map(({ weight }, index) => ({
      percent: percentOf(weight),
      mark: stepMark(deployment, rollout, events, index),
    })),
    step: rollout && status.state === 'deploying' ? stepTime(deployment, rollout, now) : null,
    verdict: fresh === undefined ? null : { name: fresh.verdict, rule: fresh.rule, reason: fresh.reason },
    figures: fresh === undefined ? null : figuresOf(fresh.record),
  };
}

function stepMark(
  { status, paused }: Deployment,
  rollout: Rollout | null,
  events: readonly LaneEvent[],
  index: number,
): Mark {
  const last = events.findLast(({ type }) => type === 'canary.step' || type === 'canary.retreated');
  const at = rollout?.step ?? (last !== undefined && 'step' in last ? last.step : 0);
  if (index < at || (rollout && status.state !== 'deploying') || status.state === 'completed') return 'done';
  if (index > at) return rollout ? 'waiting' : 'skipped';
  if (!rollout) return 'failed';
  return paused === null ? 'active' : 'paused';
}

function stepTime(deployment: Deployment, rollout: Rollout, now: Instant): StepTime | null {
  const step = deployment.plan.steps[rollout.step];
  if (!step || rollout.shiftedAt === null) return null;
  const elapsedMs = elapsed(rollout.shiftedAt, now);
  const minimum = minimumOf(deployment, step);
  const beyondMinimum = elapsedMs >= minimum;
  const lengthMs = beyondMinimum ? step.maximum : minimum;
  return { elapsedMs, lengthMs, leftMs: Math.max(0, lengthMs - elapsedMs), beyondMinimum };
}

function rollbackOf(events: readonly LaneEvent[], { status }: Deployment): RollbackView | null {
  const began = events.findLast((event) => event.type === 'rollback.started');
  if (!began && status.state !== 'rolling_back') return null;
  const now = status.state === 'rolling_back' ? status.rollback : null;
  const retried = events.findLast((event) => event.type === 'rollback.retried');
  const zero = events.findLast((event) => event.type === 'rollback.traffic_zero');
  const to = now?.to ?? retried?.to ?? began?.to ?? null;
  const startedAt = now?.startedAt ?? began?.at;
  const zeroAt = now?.zeroAt ?? zero?.at ?? null;
  return {
    to: to && labelOf(to),
    cause: now?.cause ?? began?.cause ?? '',
    attempt: now?.attempt ?? retried?.attempt ?? 1,
    fallback: now?.fallback ?? retried?.fallback ?? false,
    phase: now?.phase ?? 'retiring',
    zeroAfterMs: zeroAt !== null && startedAt !== undefined ? elapsed(startedAt, zeroAt) : null,
  };
}

function outcomeOf({ status }: Deployment, rollback: RollbackView | null): Outcome | null {
  if (status.state === 'completed')
    return { mark: 'done', text: status.soakComplete ? 'completed' : 'completed; its soak was cut short' };
  if (status.state === 'rejected') return { mark: 'skipped', text: `rejected: ${status.reason}` };
  if (status.state !== 'failed') return null;
  const { rolledBack, reason } = status;
  const to = rollback?.to ? ` to ${rollback.to}` : '';
  const what =
    rolledBack === null ? 'failed' : rolledBack ? `rolled back${to}` : 'failed and could NOT be rolled back';
  return { mark: 'failed', text: `${what}: ${reason}` };
}
