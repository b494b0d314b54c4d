import { SpillwayError } from '../core/errors.ts';
import { after, elapsed, hours, milliseconds, minutes, seconds } from '../core/time.ts';
import type { ClaimedTask, DeliveryRecord } from '../ports/store.ts';
import type { Receipt } from '../ports/notifier.ts';
import type { TaskHandler } from './task-handler.ts';
import { notifyPayloadOf } from './tasks.ts';
import type { World } from './world.ts';

/** A message that is still not delivered is only listed from then on. */
const GIVE_UP_AFTER = hours(24);
const DELIVERY_LIMIT = seconds(10);
/** With the writing of its receipt. */
const ATTEMPT_LIMIT = minutes(1);
const FIRST_WAIT = seconds(1);
const LONGEST_WAIT = minutes(10);

/** Delivers messages to channels and keeps a receipt of every attempt. */
export function notifyTasks(world: World): TaskHandler {
  const { store, system } = world;
  return {
    deadline: () => after(system.now(), ATTEMPT_LIMIT),
    async run(task, signal) {
      const receipt = await deliver(world, task, signal);
      await store.recordDelivery(recordOf(world, task, receipt));
      const wait = nextWait(world, task, receipt);
      return ({ key, fence }) =>
        wait === null
          ? store.finish(key, fence)
          : store.retry(key, fence, after(system.now(), wait), receipt.answer);
    },
    giveUp:
      (task, reason) =>
      ({ key, fence }) =>
        store.retry(key, fence, after(system.now(), LONGEST_WAIT), `${task.kind}: ${reason}`),
  };
}

async function deliver(world: World, task: ClaimedTask, signal: AbortSignal): Promise<Receipt> {
  const { channel, message } = notifyPayloadOf(task);
  const began = world.system.monotonic();
  const failed = (answer: string, retry: boolean): Receipt => ({
    delivered: false,
    answer,
    latencyMs: world.system.monotonic() - began,
    retryAfterMs: null,
    retry,
  });
  const limit = new AbortController();
  const callOff = world.system.after(DELIVERY_LIMIT, () => limit.abort(new Error('no answer in time')));
  const { promise: tooLate, resolve } = Promise.withResolvers<Receipt>();
  limit.signal.addEventListener('abort', () => resolve(failed('no answer in time', true)));
  try {
    if (task.lane === null) return failed('the message names no application', false);
    const notifier = await world.applications.notifier(task.lane.application, channel);
    return await Promise.race([
      notifier.deliver(message, task.key, AbortSignal.any([signal, limit.signal])),
      tooLate,
    ]);
  } catch (error) {
    const lasting =
      error instanceof SpillwayError && error.code !== 'unavailable' && error.code !== 'timeout';
    return failed(error instanceof Error ? error.message : String(error), !lasting);
  } finally {
    callOff();
  }
}

function recordOf({ system }: World, task: ClaimedTask, receipt: Receipt): DeliveryRecord {
  const { channel } = notifyPayloadOf(task);
  const { delivered, answer, latencyMs } = receipt;
  return { key: task.key, channel, attempt: task.attempt, delivered, answer, latencyMs, at: system.now() };
}

/** Half of the message's age, which grows by half with every attempt; the sink's own wish goes first. Null: no more. */
function nextWait({ system }: World, task: ClaimedTask, receipt: Receipt) {
  if (receipt.delivered || !receipt.retry) return null;
  const age = elapsed(notifyPayloadOf(task).message.at, system.now());
  if (age >= GIVE_UP_AFTER) return null;
  const wait = Math.min(Math.max(age / 2, FIRST_WAIT), LONGEST_WAIT);
  return milliseconds(Math.max(wait, receipt.retryAfterMs ?? 0));
}
