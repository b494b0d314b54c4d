import type { Decision } from './decision.ts';
import type { Deployment } from './deployment.ts';
import { isTerminal } from './deployment.ts';
import type { Effect, TimerName } from './effects.ts';
import type { DeploymentEvent, EnvironmentEvent, LaneEvent } from './events.ts';
import { evolve } from './evolve.ts';
import { effectKey, type DeploymentId, type EffectKey } from './ids.ts';
import { findDeployment, type Lane } from './lane.ts';
import type { Duration, Instant } from './time.ts';
import { after } from './time.ts';

/** The payload of an effect, before it has its key. */
export type Asked = Effect extends infer E
  ? E extends Effect
    ? Omit<E, 'key' | 'deployment' | 'deadline'>
    : never
  : never;

/**
 * A decision in the making. Each fact is folded at once, so that what follows is decided on the state as it then is.
 * Lives for one call of `decide` and is seen by nobody else.
 */
export interface Draft {
  readonly at: Instant;
  readonly actor: string;
  lane(): Lane;
  deployment(id: DeploymentId): Deployment;
  emit(event: DeploymentEvent | EnvironmentEvent): void;
  /** The key that the next effect of this deployment will have: for the event that sets it off. */
  nextKey(id: DeploymentId, kind: Effect['kind']): EffectKey;
  /** Asks for an effect whose key an event has just named. */
  perform(id: DeploymentId, key: EffectKey, limit: Duration, effect: Asked): void;
  /** Calls off the deployment's open effects. */
  cancel(id: DeploymentId): void;
  finish(): Decision;
}

export function createDraft(before: Lane, at: Instant, actor: string): Draft {
  let lane = before;
  const events: LaneEvent[] = [];
  const effects: Effect[] = [];
  const cancel: DeploymentId[] = [];

  const deployment = (id: DeploymentId) => {
    const found = findDeployment(lane, id);
    if (found === undefined) throw new Error(`no deployment ${id} in this lane`);
    return found;
  };
  return {
    at,
    actor,
    lane: () => lane,
    deployment,
    emit: (event) => {
      const stamped = { ...event, at, actor };
      events.push(stamped);
      lane = evolve(lane, stamped);
    },
    nextKey: (id, kind) => effectKey(`${id}/${deployment(id).effects + 1}-${kind}`),
    perform: (id, key, limit, effect) => {
      effects.push({ ...effect, key, deployment: id, deadline: after(at, limit) } as Effect);
    },
    cancel: (id) => {
      cancel.push(id);
    },
    finish: () => ({
      events,
      effects: [...effects, ...timersSet(before, lane, cancel)],
      cancel: [...cancel, ...endedSince(before, lane)],
      refused: null,
    }),
  };
}

/** Nothing of a deployment that has ended is left to wait for. */
function endedSince(before: Lane, now: Lane): readonly DeploymentId[] {
  const wasLive = (id: DeploymentId) => {
    const earlier = findDeployment(before, id);
    return earlier === undefined || !isTerminal(earlier.status.state);
  };
  return now.deployments.filter((d) => isTerminal(d.status.state) && wasLive(d.id)).map((d) => d.id);
}

/**
 * A timer for every instant that the facts have set, so that no branch can forget one. What is called off takes its timers with
 * it: those that still hold are set again, under a key that was not used before.
 */
function timersSet(before: Lane, now: Lane, cancelled: readonly DeploymentId[]): readonly Effect[] {
  return now.deployments.flatMap((deployment) => {
    const earlier = findDeployment(before, deployment.id)?.due ?? {};
    const due = Object.entries(deployment.due) as ReadonlyArray<[TimerName, Instant]>;
    const anew = cancelled.includes(deployment.id);
    return due
      .filter(([timer, at]) => anew || earlier[timer] !== at)
      .map(([timer, at]): Effect => ({
        kind: 'timer',
        key: effectKey(`${deployment.id}/${timer}@${at}${anew ? `/${deployment.effects}` : ''}`),
        deployment: deployment.id,
        deadline: at,
        timer,
        at,
      }));
  });
}
