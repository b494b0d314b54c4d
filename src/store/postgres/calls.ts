import type { Deployment } from '../../core/deployment.ts';
import { isTerminal } from '../../core/deployment.ts';
import type { Instant } from '../../core/time.ts';
import type {
  ClaimLimits,
  InboxItem,
  LaneAppend,
  NewTask,
  SeriesRow,
  StoredEvent,
} from '../../ports/store.ts';
import type { StampedEvent } from '../event-form.ts';
import { leafOfEvent } from '../leaf.ts';

/**
 * Calls in the form in which procedures/ reads them: what is kept as JSON is a text here, so that it stays as it is.
 * A queue that is left out by a claim has had its share already.
 */

const taskForm = ({ lane, payload, ...task }: NewTask) => ({
  ...task,
  application: lane?.application ?? null,
  environment: lane?.environment ?? null,
  payload: JSON.stringify(payload),
});

const deploymentForm = (deployment: Deployment) => {
  const { state } = deployment.status;
  const live = !isTerminal(state);
  const endedAt = live ? null : deployment.since;
  return { id: deployment.id, state, live, endedAt, snapshot: JSON.stringify(deployment) };
};

function eventForm(one: StampedEvent, deployments: readonly Deployment[]) {
  const { id, schema, lane, deployment, event, salt } = one;
  const data = JSON.stringify(event);
  const subject = deployments.find((other) => other.id === deployment);
  // The leaf commits to the event as it is kept, so that it can be computed again from what is kept.
  const { entry, hash } = leafOfEvent(
    { id, lane, deployment, event: JSON.parse(data) as StoredEvent['event'], subject },
    salt,
  );
  const { type, at, actor } = event;
  const { application = null, environment = null } = lane ?? {};
  const leaf = { salt, entry, hash: Buffer.from(hash).toString('hex') };
  return { id, schema, application, environment, deployment, type, at, actor, data, ...leaf };
}

export const appendCall = (
  { lane, expectedVersion, environment, deployments, tasks, cancel, completes }: LaneAppend,
  events: readonly StampedEvent[],
) => ({
  method: 'append',
  ...lane,
  version: expectedVersion,
  state: JSON.stringify(environment),
  deployments: deployments.map(deploymentForm),
  events: events.map((event) => eventForm(event, deployments)),
  tasks: tasks.map(taskForm),
  cancel,
  completes,
});

/** An append without a lane. */
export const recordCall = (
  events: readonly StampedEvent[],
  tasks: readonly NewTask[],
  completes: LaneAppend['completes'],
) => ({
  method: 'append',
  deployments: [],
  events: events.map((event) => eventForm(event, [])),
  tasks: tasks.map(taskForm),
  cancel: [],
  completes,
});

export const receiveCall = ({ payload, task, ...item }: InboxItem, id: string) => ({
  method: 'receive',
  ...item,
  id,
  payload: JSON.stringify(payload),
  tasks: [taskForm(task)],
});

export const claimCall = (now: Instant, limit: number, limits: ClaimLimits | undefined) => ({
  method: 'claim',
  now,
  limit,
  each: limits && Number.isFinite(limits.each) ? limits.each : null,
  without: limits?.without ?? [],
});

export const seriesCall = (rows: readonly SeriesRow[]) => ({
  method: 'appendSeries',
  rows: rows.map((row) => ({ ...row, payload: JSON.stringify(row.payload) })),
});

/** What jsonb does not take, although JSON has it: the character 0, and halves of surrogate pairs. */
const UNKEEPABLE = /\\u(0000|d[89a-f])/i;

/** A call as JSON that PostgreSQL takes. In the rare text that it would not, U+FFFD stands for what it does not know. */
export function callText(call: object): string {
  const text = JSON.stringify(call);
  if (!UNKEEPABLE.test(text)) return text;
  return JSON.stringify(call, (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  );
}
