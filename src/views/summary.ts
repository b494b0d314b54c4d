import { isTerminal, type Deployment, type StateName, type VerdictName } from '../core/deployment.ts';
import { labelOf } from '../core/release.ts';
import { percentOf } from '../core/weights.ts';
import { shortId } from './ids.ts';
import { shortCommit, utc } from './words.ts';

/** A deployment in one line. Times are UTC as in RFC 3339, weights percent of all traffic. */
export interface DeploymentSummary {
  readonly id: string;
  readonly short: string;
  readonly application: string;
  readonly environment: string;
  readonly kind: 'release' | 'rollback';
  readonly version: string;
  readonly commit: string;
  readonly ref: string | null;
  readonly state: StateName;
  /** Whether it has ended. */
  readonly ended: boolean;
  /** Set once it has failed. */
  readonly rolledBack: boolean | null;
  readonly soakComplete: boolean | null;
  /** Why it ended as it did, or why it is rolled back. */
  readonly reason: string | null;
  readonly paused: { readonly since: string; readonly by: string; readonly reason: string } | null;
  /** The canary's share of the traffic, percent; null where there is none. */
  readonly weight: number | null;
  /** 1 for the first of `steps`. */
  readonly step: number | null;
  readonly steps: number;
  readonly verdict: VerdictName | null;
  readonly trigger: Deployment['request']['trigger'];
  readonly actor: string;
  readonly requestedAt: string;
  /** When the present state was entered. */
  readonly since: string;
}

export function summaryOf(deployment: Deployment): DeploymentSummary {
  const { id, lane, status, request, plan, paused } = deployment;
  const rollout = 'rollout' in status ? status.rollout : null;
  return {
    id,
    short: shortId(id),
    application: lane.application,
    environment: lane.environment,
    kind: deployment.kind,
    version: versionOf(deployment),
    commit: deployment.revision?.release.commit ?? request.commit,
    ref: request.ref,
    state: status.state,
    ended: isTerminal(status.state),
    rolledBack: status.state === 'failed' ? status.rolledBack : null,
    soakComplete: status.state === 'completed' ? status.soakComplete : null,
    reason: reasonOf(deployment),
    paused: paused && { since: utc(paused.since), by: paused.by, reason: paused.reason },
    weight: rollout && percentOf(rollout.weight),
    step: rollout && Math.min(rollout.step + 1, plan.steps.length),
    steps: plan.steps.length,
    verdict: rollout && rollout.verdict,
    trigger: request.trigger,
    actor: request.actor,
    requestedAt: utc(deployment.requestedAt),
    since: utc(deployment.since),
  };
}

/** What people call it: the revision's label once it is built, before that what was asked for. */
export function versionOf({ revision, request }: Pick<Deployment, 'revision' | 'request'>): string {
  const known = revision ?? request.revision;
  if (known) return labelOf(known);
  return request.version ?? (request.commit === '' ? 'folder' : shortCommit(request.commit));
}

function reasonOf({ status }: Deployment): string | null {
  if (status.state === 'rolling_back') return status.rollback.cause;
  return status.state === 'failed' || status.state === 'rejected' ? status.reason : null;
}
