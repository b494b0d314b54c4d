import { messageOf, SpillwayError } from '../../core/errors.ts';
import type { ApplicationName } from '../../core/ids.ts';
import type { JsonObject } from '../../core/json.ts';
import { after, instant, minutes, type Instant } from '../../core/time.ts';
import type { ClaimedTask, SystemEvent } from '../../ports/store.ts';
import type { TriggerEvent } from '../../ports/trigger.ts';
import type { Lanes } from '../lanes.ts';
import type { Conclusion, TaskHandler } from '../task-handler.ts';
import { asJson } from '../tasks.ts';
import type { World } from '../world.ts';
import { Configurations } from './configuration.ts';
import { requestMatched, type Answer, type Desk } from './request.ts';

export interface InboxPayload {
  readonly trigger: string;
  readonly event: TriggerEvent;
  readonly receivedAt: Instant;
}

/** An event that could not be looked at for this long (its repository does not answer) is refused. */
const LIMIT = minutes(15);

const payloadOf = (task: ClaimedTask) => task.payload as unknown as InboxPayload;

/** Looks at what came in: which applications it is about, which of their triggers it sets off, and what follows. */
export function inboxTasks(world: World, lanes: Lanes, onRecorded: () => void): TaskHandler {
  const desk: Desk = { world, lanes, configurations: new Configurations(world) };
  const conclude =
    (task: ClaimedTask, type: SystemEvent['type'], details: JsonObject): Conclusion =>
    async (completes) => {
      const { trigger, event } = payloadOf(task);
      const { ipAddress, userAgent, actor } = event;
      const known = { event: event.id, trigger, ref: event.gitRef, ipAddress, userAgent };
      const recorded = { type, at: world.system.now(), actor, details: { ...known, ...details } };
      await world.store.record([recorded], [], completes);
      onRecorded();
    };
  const begun = world.system.now();
  return {
    // Time in which nobody looked at it, while no server ran or others were before it, does not count against it.
    deadline: (task) =>
      task.attempt === 1
        ? after(world.system.now(), LIMIT)
        : after(instant(Math.max(payloadOf(task).receivedAt, begun)), LIMIT),
    async run(task) {
      const { trigger, event } = payloadOf(task);
      const concerned = world.applications.concerned(trigger, event);
      const answers: Answer[] = [];
      for (const application of concerned) answers.push(await answerOf(desk, application, event));
      return conclude(task, typeOf(answers), {
        status: answers.some(({ outcome }) => outcome === 'rejected') ? 'failure' : 'success',
        reason: answers.map(({ reason }) => reason).join('; ') || 'no application here is concerned',
        applications: answers.map((answer) => asJson(answer)),
      });
    },
    giveUp: (task, reason) =>
      conclude(task, 'event.rejected', { status: 'failure', reason, applications: [] }),
  };
}

/** One application's trouble with an event is not another's. What may pass by itself is tried again. */
async function answerOf(desk: Desk, application: ApplicationName, event: TriggerEvent): Promise<Answer> {
  try {
    return await requestMatched(desk, application, event);
  } catch (error) {
    const passing = !(error instanceof SpillwayError) || ['unavailable', 'timeout'].includes(error.code);
    if (passing) throw error;
    return {
      application,
      outcome: 'rejected',
      reason: messageOf(error),
      problems: [],
      triggers: [],
      deployments: [],
    };
  }
}

function typeOf(answers: readonly Answer[]): SystemEvent['type'] {
  const outcomes = answers.map(({ outcome }) => outcome);
  if (outcomes.includes('matched')) return 'event.matched';
  return outcomes.includes('rejected') ? 'event.rejected' : 'event.ignored';
}
