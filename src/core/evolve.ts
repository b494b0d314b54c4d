import type { Deployment, Pause, Rollback, Rollout, Status } from './deployment.ts';
import type { TimerName } from './effects.ts';
import { evolveEnvironment } from './environment.ts';
import type { DeploymentEvent, LaneEvent } from './events.ts';
import type { EffectKey } from './ids.ts';
import type { Lane } from './lane.ts';
import { deployingLimit, minimumOf, stepLimit, stepsOf } from './planner.ts';
import { after, type Duration, type Instant } from './time.ts';
import { NONE } from './weights.ts';

/** The state after a fact. A fact about a deployment that is not there changes nothing. */
export function evolve(lane: Lane, event: LaneEvent): Lane {
  const environment = evolveEnvironment(lane, event);
  if (!isAboutDeployment(event)) return { ...lane, environment };
  if (event.type === 'deployment.requested') {
    return { ...lane, environment, deployments: [...lane.deployments, requested(event)] };
  }
  const deployments = lane.deployments.map((d) => (d.id === event.deployment ? apply(d, event) : d));
  return { ...lane, environment, deployments };
}

type Stamped<E> = E & { readonly at: Instant; readonly actor: string };
type Later = Exclude<DeploymentEvent, { readonly type: 'deployment.requested' }>;
/** The member of the union that can have this type (several share one member). */
type Of<Type extends Later['type']> = Stamped<
  Later extends infer E ? (E extends { type: infer T } ? (Type extends T ? E : never) : never) : never
>;

const isAboutDeployment = (event: LaneEvent): event is Stamped<DeploymentEvent> =>
  event.type in changes || event.type === 'deployment.requested';

function requested(
  event: Stamped<Extract<DeploymentEvent, { readonly type: 'deployment.requested' }>>,
): Deployment {
  return {
    id: event.deployment,
    lane: event.lane,
    kind: event.kind,
    request: event.request,
    plan: event.plan,
    requestedAt: event.at,
    status: { state: 'pending' },
    since: event.at,
    revision: event.request.revision,
    previous: null,
    abortedBy: null,
    gates: {},
    paused: null,
    effects: 0,
    due: { deadline: after(event.at, event.plan.deadlines.pending) },
  };
}

function apply(deployment: Deployment, event: Stamped<Later>): Deployment {
  const counted = 'key' in event && event.key !== null ? deployment.effects + 1 : deployment.effects;
  const change = changes[event.type] as (d: Deployment, e: Stamped<Later>) => Deployment;
  return { ...change(deployment, event), effects: counted };
}

/** Enters a state: what was due in the one before is due no more. */
function enter(deployment: Deployment, status: Status, at: Instant, limit?: Duration): Deployment {
  const due = limit === undefined ? {} : { deadline: after(at, limit) };
  return { ...deployment, status, since: at, due, paused: null };
}

const withDue = (deployment: Deployment, due: Partial<Record<TimerName, Instant>>): Deployment => ({
  ...deployment,
  due: { ...deployment.due, ...due },
});

function without(deployment: Deployment, ...timers: readonly TimerName[]): Deployment {
  const kept = Object.entries(deployment.due).filter(([name]) => !timers.includes(name as TimerName));
  return { ...deployment, due: Object.fromEntries(kept) };
}

/** Changes the rollout of a deployment that has one. */
function rollout(deployment: Deployment, change: Partial<Rollout>): Deployment {
  const { status } = deployment;
  if (!('rollout' in status)) return deployment;
  return { ...deployment, status: { ...status, rollout: { ...status.rollout, ...change } } };
}

function rollback(deployment: Deployment, change: Partial<Rollback>): Deployment {
  const { status } = deployment;
  if (status.state !== 'rolling_back') return deployment;
  return { ...deployment, status: { ...status, rollback: { ...status.rollback, ...change } } };
}

/** What is said of a step that has just begun. */
const UNJUDGED = { verdict: null, rule: null, response: null };

const beginRollout = (key: EffectKey): Rollout => ({
  phase: 'preparing',
  expects: key,
  step: 0,
  weight: NONE,
  instances: 0,
  startedAt: null,
  shiftedAt: null,
  ...UNJUDGED,
  retreats: 0,
  degraded: false,
});

/** The present rollout, for the states that carry it on. */
function carried(deployment: Deployment, change: Partial<Rollout>): Rollout {
  const { status } = deployment;
  if (!('rollout' in status)) throw new Error(`${deployment.id} has no rollout in state ${status.state}`);
  return { ...status.rollout, ...change };
}

function gateEnded(deployment: Deployment, event: Of<'gate.passed'>): Deployment {
  const gates = { ...deployment.gates, [event.gate]: event.outcome };
  if (deployment.status.state !== 'testing') return { ...deployment, gates };
  const { [event.gate]: _ended, ...running } = deployment.status.running;
  return { ...deployment, gates, status: { state: 'testing', running } };
}

function shifted(d: Deployment, event: Of<'traffic.shifted'>): Deployment {
  const moved = rollout(d, {
    phase: 'watching',
    expects: null,
    weight: event.weight,
    shiftedAt: event.at,
    ...UNJUDGED,
  });
  const step = d.status.state === 'deploying' ? stepsOf(d)[d.status.rollout.step] : undefined;
  if (step === undefined) return moved;
  return withDue(moved, {
    step_minimum: after(event.at, minimumOf(d, step)),
    step_maximum: after(event.at, stepLimit(step)),
  });
}

/** The steps are walked again, so they get their time again. */
function retreated(d: Deployment, event: Of<'canary.retreated'>): Deployment {
  const { step, key } = event;
  const retreats = carried(d, {}).retreats + 1;
  const back = rollout(d, { phase: 'retreating', expects: key, step, retreats });
  return timed(without(back, 'step_minimum', 'step_maximum'), event.at);
}

/** The rollout has its whole time from here on; while it is paused no time runs. */
const timed = (d: Deployment, from: Instant): Deployment =>
  d.paused === null ? withDue(d, { deadline: after(from, deployingLimit(d)) }) : d;

function paused(d: Deployment, event: Of<'deployment.paused'>): Deployment {
  const pause: Pause = { since: event.at, by: event.actor, reason: event.reason };
  const halted = without({ ...d, paused: pause }, 'deadline', 'step_maximum');
  return withDue(halted, { pause: after(event.at, d.plan.pauseLimit) });
}

/** Time starts anew after a pause: nobody watched the clock meanwhile. */
function resumed(d: Deployment, event: Of<'deployment.resumed'>): Deployment {
  // Who lets it go on has seen what was found; what is still wrong will be found again.
  const going = without(rollout({ ...d, paused: null }, { degraded: false }), 'pause');
  if (d.status.state === 'monitoring') {
    return withDue(going, { deadline: after(event.at, d.plan.deadlines.monitoring) });
  }
  const deadline = after(event.at, deployingLimit(d));
  const step = d.status.state === 'deploying' ? stepsOf(d)[d.status.rollout.step] : undefined;
  const watching = d.status.state === 'deploying' && d.status.rollout.phase === 'watching';
  if (step === undefined || !watching) return withDue(going, { deadline });
  return withDue(going, { deadline, step_maximum: after(event.at, stepLimit(step)) });
}

function rollbackStarted(d: Deployment, event: Of<'rollback.started'>): Deployment {
  const begun: Rollback = {
    phase: 'shifting',
    expects: event.key,
    attempt: 1,
    fallback: false,
    to: event.to,
    cause: event.cause,
    startedAt: event.at,
    zeroAt: null,
  };
  const entered = enter(
    { ...d, abortedBy: event.event },
    { state: 'rolling_back', rollback: begun },
    event.at,
    d.plan.deadlines.rollingBack,
  );
  return withDue(entered, { to_zero: after(event.at, d.plan.rollback.toZero) });
}

function rollbackResumed(d: Deployment, { at }: Of<'rollback.resumed'>): Deployment {
  const resumed = ('rollback' in d.status ? (d.status.rollback.resumed ?? 0) : 0) + 1;
  const going = withDue(rollback(d, { resumed }), { deadline: after(at, d.plan.deadlines.rollingBack) });
  return d.due.to_zero === undefined ? going : withDue(going, { to_zero: after(at, d.plan.rollback.toZero) });
}

function rollbackRetried(d: Deployment, event: Of<'rollback.retried'>): Deployment {
  const { attempt, fallback, to, key } = event;
  const again = rollback(d, { phase: 'restoring', expects: key, attempt, fallback, to });
  const due = { to_zero: after(event.at, d.plan.rollback.toZero) };
  return withDue(again, fallback ? { ...due, deadline: after(event.at, d.plan.deadlines.rollingBack) } : due);
}

/** What each fact makes of a deployment: a forgotten one does not compile. */
const changes: { readonly [Type in Later['type']]: (d: Deployment, e: Of<Type>) => Deployment } = {
  'deployment.validating': (d, e) =>
    enter(d, { state: 'validating', expects: e.key }, e.at, d.plan.deadlines.validating),
  'preflight.passed': (d) => d,
  'deployment.building': (d, e) =>
    enter(d, { state: 'building', expects: e.key }, e.at, d.plan.deadlines.building),
  'release.built': (d, e) => ({ ...d, revision: e.revision }),
  'deployment.testing': (d, e) => enter(d, { state: 'testing', running: {} }, e.at, d.plan.deadlines.testing),
  'gate.started': (d, e) =>
    d.status.state === 'testing'
      ? { ...d, status: { state: 'testing', running: { ...d.status.running, [e.gate]: e.key } } }
      : d,
  'gate.passed': gateEnded,
  'gate.warned': gateEnded,
  'gate.failed': gateEnded,
  'deployment.awaiting_approval': (d, e) => enter(d, { state: 'approval' }, e.at, d.plan.deadlines.approval),
  'approval.expired': (d, e) => enter(d, { state: 'expired' }, e.at, d.plan.deadlines.pending),
  'deployment.approved': (d, e) => enter(d, { state: 'approved' }, e.at, d.plan.deadlines.approved),
  'deployment.started': (d, e) => {
    const started = { ...d, previous: e.previous };
    return enter(
      started,
      { state: 'deploying', rollout: beginRollout(e.key) },
      e.at,
      deployingLimit(started),
    );
  },
  'canary.planned': (d, e) => {
    const planned = { ...d, plan: { ...d.plan, steps: e.steps } };
    return timed(planned, e.at);
  },
  'instances.starting': (d, e) => rollout(d, { phase: 'starting', expects: e.key }),
  'instances.ready': (d, e) => {
    const startedAt = 'rollout' in d.status ? (d.status.rollout.startedAt ?? e.at) : e.at;
    return rollout(d, { instances: e.count, startedAt });
  },
  'canary.step': (d, e) => without(rollout(d, { step: e.step }), 'step_minimum', 'step_maximum'),
  'canary.retreated': retreated,
  'traffic.shifting': (d, e) => rollout(d, { phase: 'shifting', expects: e.key }),
  'traffic.shifted': shifted,
  'verdict.changed': (d, e) => rollout(d, { verdict: e.verdict, rule: e.rule, response: e.response }),
  'deployment.verifying': (d, e) => {
    const verifying = carried(d, { phase: 'verifying', expects: e.key, ...UNJUDGED });
    return enter(d, { state: 'verifying', rollout: verifying }, e.at, d.plan.deadlines.verifying);
  },
  'deployment.live': (d, e) => {
    const watched = carried(d, { phase: 'watching', expects: null });
    const limit = (d.plan.soak + d.plan.deadlines.monitoring) as Duration;
    const live = enter(d, { state: 'monitoring', rollout: watched, liveSince: e.at }, e.at, limit);
    return withDue(live, { soak: after(e.at, d.plan.soak) });
  },
  'degradation.found': (d) => rollout(d, { degraded: true }),
  'deployment.paused': paused,
  'deployment.resumed': resumed,
  'rollback.started': rollbackStarted,
  'rollback.resumed': rollbackResumed,
  'rollback.attempt_failed': (d) => without(rollback(d, { expects: null }), 'to_zero'),
  'rollback.retried': rollbackRetried,
  'rollback.restored': (d, e) => rollback(d, { phase: 'shifting', expects: e.key }),
  'rollback.traffic_zero': (d, e) =>
    without(rollback(d, { phase: 'retiring', expects: e.key, zeroAt: e.at }), 'to_zero'),
  'rollback.completed': (d) => d,
  'instances.retiring': (d) => d,
  'deployment.completed': (d, e) => enter(d, { state: 'completed', soakComplete: e.soakComplete }, e.at),
  'deployment.failed': (d, e) =>
    enter(d, { state: 'failed', reason: e.reason, rolledBack: e.rolledBack }, e.at),
  'deployment.rejected': (d, e) => enter(d, { state: 'rejected', reason: e.reason }, e.at),
};
