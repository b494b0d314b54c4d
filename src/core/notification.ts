import type { Deployment } from './deployment.ts';
import type { LaneEvent, LaneEventType } from './events.ts';
import { findDeployment, type Lane } from './lane.ts';
import { homeStep } from './planner.ts';
import { labelOf, type Revision } from './release.ts';
import { elapsed, formatDuration, milliseconds, type Instant } from './time.ts';
import { percentOf } from './weights.ts';

export type Severity = 'info' | 'warning' | 'critical';

/** One message for people, derived from one recorded event. */
export interface Notification {
  readonly type: string;
  readonly severity: Severity;
  readonly title: string;
  readonly at: Instant;
  readonly fields: Readonly<Record<string, string>>;
}

/** What is said of an event; null = nothing. */
type Said = Pick<Notification, 'type' | 'severity' | 'title' | 'fields'> | null;
/** The lane and the deployment that an event is about, in words. */
interface About {
  readonly lane: Lane;
  readonly deployment: Deployment | undefined;
  readonly version: string;
  /** `shop 1.4.0`. */
  readonly subject: string;
  readonly environment: string;
  /** Critical in production, a warning elsewhere. */
  readonly alarm: Severity;
}
type Of<Type extends LaneEventType, Event = LaneEvent> = Event extends { readonly type: infer Own }
  ? Type extends Own
    ? Event
    : never
  : never;
/** One teller for every event there is: a new one does not compile until it is decided whether people hear of it. */
type Tellers = { readonly [Type in LaneEventType]: (event: Of<Type>, about: About) => Said };

/**
 * The message that an event is for people; null for one that is only a step on the way.
 * @param lane as it stands after the event, with the deployment that the event is about
 */
export function notificationOf(lane: Lane, event: LaneEvent): Notification | null {
  const deployment = 'deployment' in event ? findDeployment(lane, event.deployment) : undefined;
  const version = deployment === undefined ? '' : versionOf(deployment);
  const about: About = {
    lane,
    deployment,
    version,
    subject: version === '' ? lane.id.application : `${lane.id.application} ${version}`,
    environment: lane.id.environment,
    alarm: (lane.id.environment as string) === 'production' ? 'critical' : 'warning',
  };
  const teller = tellers[event.type] as (event: LaneEvent, about: About) => Said;
  const said = teller(event, about);
  if (said === null) return null;
  const common = { application: lane.id.application, environment: lane.id.environment };
  const named = deployment === undefined ? {} : { deployment: deployment.id, version };
  return { ...said, at: event.at, fields: { ...common, ...named, ...said.fields } };
}

const silent = (): null => null;

const tellers: Tellers = {
  'deployment.requested': silent,
  'deployment.validating': silent,
  'preflight.passed': silent,
  'deployment.building': silent,
  'release.built': silent,
  'deployment.testing': silent,
  'gate.started': silent,
  'gate.passed': silent,
  'gate.warned': silent,
  'gate.failed': ({ gate, outcome }, { subject, environment }) => ({
    type: 'gate.failed',
    severity: 'info',
    title: `${subject}: gate ${gate} failed before ${environment}`,
    fields: { gate, reason: outcome.reason },
  }),
  'deployment.awaiting_approval': silent,
  'approval.expired': silent,
  'deployment.approved': silent,
  'deployment.started': (_, { subject, environment, deployment }) => ({
    type: 'deployment.started',
    severity: 'info',
    title: `${subject} is being deployed to ${environment}`,
    fields: { commit: deployment?.request.commit ?? '', actor: deployment?.request.actor ?? '' },
  }),
  'canary.planned': silent,
  'instances.starting': silent,
  'instances.ready': silent,
  'canary.step': ({ step, weight }, { subject, environment }) => ({
    type: 'canary.step',
    severity: 'info',
    title: `${subject} takes ${percentOf(weight)}% of the traffic in ${environment}`,
    fields: { step: String(step + 1), weight: `${percentOf(weight)}%` },
  }),
  'canary.retreated': ({ from, weight, reason }, { subject, environment }) => ({
    type: 'canary.warning',
    severity: 'warning',
    title: `${subject} in ${environment} retreats from ${percentOf(from)}% to ${percentOf(weight)}%: ${reason}`,
    fields: { from: `${percentOf(from)}%`, weight: `${percentOf(weight)}%`, response: 'retreat', reason },
  }),
  'traffic.shifting': silent,
  'traffic.shifted': silent,
  'verdict.changed': ({ verdict, response, reason, rule, step }, { deployment, subject, environment }) =>
    (verdict === 'warning' || verdict === 'issue') &&
    !(response === 'retreat' && mayRetreat(deployment, step))
      ? {
          type: 'canary.warning',
          severity: 'warning',
          title: `${subject} in ${environment}: ${reason}`,
          fields: { step: String(step + 1), verdict, rule, reason },
        }
      : null,
  'deployment.verifying': silent,
  'deployment.live': ({ at }, { subject, environment, deployment }) => ({
    type: 'deployment.live',
    severity: 'info',
    title: `${subject} is live in ${environment}`,
    fields: deployment ? { duration: formatDuration(elapsed(deployment.requestedAt, at)) } : {},
  }),
  'degradation.found': silent,
  'deployment.paused': ({ reason, actor }, { subject, environment }) => ({
    type: 'deployment.paused',
    severity: 'info',
    title: `${subject} is paused in ${environment}: ${reason}`,
    fields: { reason, actor },
  }),
  'deployment.resumed': silent,
  'rollback.started': ({ to, cause }, { subject, version, environment, deployment, alarm }) => ({
    type: 'rollback.started',
    severity: alarm,
    title: `${subject} is being rolled back in ${environment}: ${cause}`,
    fields: { from_version: version, to_version: versionBehind(to), reason: cause, ...estimate(deployment) },
  }),
  'rollback.attempt_failed': silent,
  'rollback.retried': silent,
  'rollback.resumed': silent,
  'rollback.restored': silent,
  'rollback.traffic_zero': silent,
  'rollback.completed': ({ to }, { subject, version, environment }) => ({
    type: 'rollback.completed',
    severity: 'info',
    title: `${subject} is rolled back in ${environment}; ${versionBehind(to)} serves`,
    fields: { from_version: version, to_version: versionBehind(to) },
  }),
  'instances.retiring': silent,
  'deployment.completed': ({ soakComplete, at }, { subject, environment, deployment }) => ({
    type: 'deployment.completed',
    severity: 'info',
    title: `${subject} is complete in ${environment}`,
    fields: {
      ...timeToLive(deployment, at, soakComplete),
      health_checks: 'passing',
      rollback_available: yesOrNo(deployment?.previous != null),
      soak_complete: yesOrNo(soakComplete),
    },
  }),
  'deployment.failed': ({ reason, rolledBack }, { subject, environment, deployment, alarm }) => ({
    type: 'deployment.failed',
    severity: alarm,
    title: `${subject} failed in ${environment}: ${reason}`,
    fields: {
      stage: stageOf(deployment, rolledBack),
      error_message: reason,
      rollback_initiated: yesOrNo(rolledBack !== null),
    },
  }),
  'deployment.rejected': silent,
  'environment.locked': silent, // the incident that comes with it is the message
  'environment.unlocked': silent,
  'incident.opened': ({ level, reason }, { lane, environment }) => ({
    type: 'incident.opened',
    severity: 'critical',
    title: `${level}: ${lane.id.application} in ${environment}: ${reason}`,
    fields: { level, reason },
  }),
};

/** Then what follows from the verdict is the message. */
function mayRetreat(deployment: Deployment | undefined, step: number): boolean {
  const home = deployment === undefined ? null : homeStep(deployment);
  return home !== null && step > home;
}

const yesOrNo = (value: boolean) => (value ? 'yes' : 'no');

const versionOf = ({ revision, request }: Deployment): string =>
  revision === null ? (request.version ?? request.commit.slice(0, 7)) : labelOf(revision);

const versionBehind = (revision: Revision | null): string =>
  revision === null ? 'nothing' : labelOf(revision);

/** Traffic has left after this long at most, all attempts together. */
const estimate = (deployment: Deployment | undefined): { estimated_duration?: string } =>
  deployment === undefined
    ? {}
    : {
        estimated_duration: `at most ${formatDuration(
          milliseconds(deployment.plan.rollback.toZero * deployment.plan.rollback.maxAttempts),
        )}`,
      };

/** Durations for people end when a version is live: the soak does not count. */
function timeToLive(deployment: Deployment | undefined, at: Instant, soaked: boolean): { duration?: string } {
  if (deployment === undefined || !soaked) return {};
  const all = elapsed(deployment.requestedAt, at) - deployment.plan.soak;
  return { duration: formatDuration(milliseconds(Math.max(0, all))) };
}

/** How far it had come; what exactly failed is in the reason. */
function stageOf(deployment: Deployment | undefined, rolledBack: boolean | null): string {
  if (rolledBack !== null) return 'rollout';
  return deployment?.revision == null ? 'build' : 'gates';
}
