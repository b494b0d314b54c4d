import type { Decision } from '../core/decision.ts';
import type { Effect } from '../core/effects.ts';
import { routeOf, type LaneId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { findDeployment, type Lane } from '../core/lane.ts';
import { notificationOf, type Notification } from '../core/notification.ts';
import type { Instant } from '../core/time.ts';
import type { ClaimedTask, NewTask } from '../ports/store.ts';

export const INBOX_TASK = 'inbox';
export const NOTIFY_TASK = 'notify';
export const REVIEW_TASK = 'review';

/** A message on its way to one channel. */
export interface NotifyPayload {
  readonly channel: string;
  readonly message: Notification;
}

/** Everything that follows from a decision and has to be done: its effects, and the messages that its events are. */
export function tasksOf(
  lane: Lane,
  decision: Decision,
  now: Instant,
  version: number,
  channelsOf: (message: Notification) => readonly string[],
): readonly NewTask[] {
  const effects = decision.effects.map((effect) => effectTask(lane, effect, now));
  const messages = decision.events.flatMap((event, index) => {
    const message = notificationOf(lane, event);
    if (message === null) return [];
    return messageTasks(lane.id, `notify/${routeOf(lane.id)}/${version}.${index}`, message, channelsOf);
  });
  return [...effects, ...messages];
}

/** A message on its way to every channel that wants it. @param key names the message for ever */
export const messageTasks = (
  lane: LaneId,
  key: string,
  message: Notification,
  channelsOf: (message: Notification) => readonly string[],
): readonly NewTask[] =>
  channelsOf(message).map((channel) => notifyTask(lane, `${key}/${channel}`, { channel, message }));

/** What `effectTask` has put into a task. */
export const effectOf = (task: ClaimedTask) => task.payload as unknown as Effect;

export const notifyPayloadOf = (task: ClaimedTask) => task.payload as unknown as NotifyPayload;

/** Data made of strings, numbers and lists only, as what it is when stored. */
export const asJson = (data: object) => data as unknown as Json;

function effectTask(lane: Lane, effect: Effect, now: Instant): NewTask {
  const status = findDeployment(lane, effect.deployment)?.status;
  const leaves = status?.state === 'deploying' && status.rollout.phase === 'retreating';
  return {
    key: effect.key,
    kind: effect.kind,
    lane: lane.id,
    deployment: effect.deployment,
    payload: asJson(effect),
    runAt: effect.kind === 'timer' ? effect.at : now,
    queue: lane.id.application,
    priority: status?.state === 'rolling_back' || leaves ? 0 : 1,
  };
}

/** It belongs to no deployment: a message about one that has ended is not called off with it. */
const notifyTask = (lane: LaneId, key: string, payload: NotifyPayload): NewTask => ({
  key,
  kind: NOTIFY_TASK,
  lane,
  deployment: null,
  payload: asJson(payload),
  runAt: payload.message.at,
  queue: `${NOTIFY_TASK}/${payload.channel}`,
  priority: 2,
});
