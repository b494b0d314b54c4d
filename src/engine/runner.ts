import { messageOf, SpillwayError, type ErrorCode } from '../core/errors.ts';
import type { DeploymentId } from '../core/ids.ts';
import { after, elapsed, instant, milliseconds, seconds, type Duration, type Instant } from '../core/time.ts';
import type { ClaimedTask, ClaimLimits, Store } from '../ports/store.ts';
import type { System } from '../ports/system.ts';
import { backOff } from './backoff.ts';
import { Pauses } from './pauses.ts';
import type { Conclusion, TaskHandler } from './task-handler.ts';
import { INBOX_TASK, NOTIFY_TASK, REVIEW_TASK } from './tasks.ts';
import { WakeUp } from './wake-up.ts';
import type { Logger } from './world.ts';

/**
 * Tasks at once, by room: what takes long (builds, gates) and what may hang (messages) cannot keep out the rest, a
 * rollback above all. A queue fills at most half of a room. Few look at what comes in, so that a flood of events takes
 * the machine neither from the rollouts nor from its own intake.
 */
const ROOMS = { workshop: 8, messages: 8, intake: 8, rollouts: 64 };
type Room = keyof typeof ROOMS;
/** Rooms of queues that have no other tasks: what finds no room there is not even claimed, however much of it there is. */
const OWN_QUEUES: ReadonlySet<Room> = new Set<Room>(['messages', 'intake']);
/** So many at a time are claimed. */
const CLAIM = 16;
/** Of one queue: the room of the smallest, or what is left of it. */
const CLAIM_EACH = 4;
const FIRST_RETRY = milliseconds(500);
const LAST_RETRY = seconds(15);
/** What fell due while nobody worked gets so long after the start: it is not given up untried. */
const FIRST_CHANCE = seconds(30);
/** Even when the store names no time, the runner looks again after this. */
const LONGEST_SLEEP = seconds(30);
const STORE_TROUBLE_WAIT = seconds(1);
/** Due and not given out: ask again, but not all the time. */
const NO_ROOM_WAIT = milliseconds(100);
/** Due and not yet asked for: what ends meanwhile makes room, and is recorded with the same commit. */
const MORE_WAIT = milliseconds(1);
/** What comes in is looked at at once, and then what has come in since after so long: many in one commit. */
const INTAKE_PAUSE = milliseconds(20);

/** Work that has failed so often is told of in the health. */
const TOLD_FROM_ATTEMPT = 3;
/** So long after the time of the next attempt it must have told more: here, or where another replica has made it. */
const TOLD_FOR = seconds(30);

/** Trying again cannot help. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'config_invalid',
  'not_built',
  'unknown_kind',
  'not_found',
  'not_permitted',
  'command_failed',
  'too_large',
  'corrupt',
]);
const isFinal = (error: unknown) => error instanceof SpillwayError && FINAL.has(error.code);

interface Running {
  readonly task: ClaimedTask;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

interface Look {
  readonly claimed: readonly ClaimedTask[];
  /** Until the next task is due; not above 0 when some was left. */
  readonly wait: Duration;
}

export interface RunnerOptions {
  readonly store: Pick<Store, 'claim' | 'retry' | 'nextDue'>;
  readonly system: System;
  readonly log: Logger;
  readonly handler: (kind: string) => TaskHandler | undefined;
}

/** Claims what is due, has it done, and sees to it that each task ends in exactly one conclusion. */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #running = new Map<string, Running>();
  /** Those of them that take up room: what is only being written down does not, as long as that goes well. */
  readonly #atWork = new Set<ClaimedTask>();
  readonly #wakeUp: WakeUp;
  readonly #intake: Pauses;
  /** Whether the last look has left something that was due. */
  #more = false;
  readonly #begun: Instant;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  /** Tasks that fail again and again, with the reason of the last time. */
  readonly #failing = new Map<string, { readonly why: string; readonly until: Instant }>();
  /** Why the last claim failed; undefined when it did not. */
  #trouble: string | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#wakeUp = new WakeUp(options.system);
    this.#intake = new Pauses(options.system, INTAKE_PAUSE, () => this.#wakeUp.wake());
    this.#begun = options.system.now();
  }

  start(): void {
    this.#loop ??= this.#work();
  }

  /** There may be something to do. */
  wake(): void {
    this.#wakeUp.wake();
  }

  /** Something came in that may wait a moment for what comes right after it. */
  cameIn(): void {
    this.#intake.ask();
  }

  /** Stops what runs for these deployments, except the tasks named: the store has called them off. */
  cancel(deployments: readonly DeploymentId[], except: ReadonlySet<string>): void {
    for (const [key, { task, stop }] of this.#running) {
      if (task.deployment === null || except.has(key)) continue;
      if (deployments.includes(task.deployment)) stop.abort(new Cancelled());
    }
  }

  /** Claims no more, gives what runs `grace` to end, and leaves the rest to be done after the next start. */
  async stop(grace: Duration): Promise<void> {
    const { system } = this.#options;
    this.#stopping.abort(new Cancelled());
    this.#wakeUp.wake();
    await this.#loop;
    const ended = new AbortController();
    const all = Promise.all([...this.#running.values()].map(({ done }) => done)).finally(() => ended.abort());
    await Promise.race([all, system.sleep(grace, ended.signal)]);
    for (const { stop } of this.#running.values()) stop.abort(new Cancelled());
  }

  status(): {
    readonly running: number;
    readonly trouble: string | undefined;
    /** What fails again and again, with the reason; messages have a health of their own. */
    readonly failing: readonly string[];
  } {
    const now = this.#options.system.now();
    for (const [key, { until }] of this.#failing) if (until < now) this.#failing.delete(key);
    const failing = [...this.#failing].map(([key, { why }]) => `${key}: ${why}`);
    return { running: this.#running.size, trouble: this.#trouble, failing };
  }

  async #work(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wakeUp.rest();
      const { claimed, wait } = await this.#look();
      this.#more = wait <= 0;
      for (const task of claimed) this.#begin(task);
      const shortest = claimed.length === 0 ? NO_ROOM_WAIT : MORE_WAIT;
      await this.#wakeUp.sleep(milliseconds(Math.max(shortest, Math.min(wait, LONGEST_SLEEP))));
    }
  }

  /** Claims, and asks what is left, in one commit. */
  async #look(): Promise<Look> {
    const { store, system, log } = this.#options;
    const now = system.now();
    try {
      const [claimed, due] = await Promise.all([
        store.claim(now, CLAIM, this.#limits()),
        store.nextDue().catch(() => undefined),
      ]);
      this.#trouble = undefined;
      return { claimed, wait: due === undefined ? LONGEST_SLEEP : elapsed(system.now(), due) };
    } catch (error) {
      this.#trouble = messageOf(error);
      log.error({ err: error }, 'the store gives out no tasks');
      await system.sleep(STORE_TROUBLE_WAIT, this.#stopping.signal);
      return { claimed: [], wait: NO_ROOM_WAIT };
    }
  }

  /** So that whatever is claimed of a queue that has no other tasks finds room. */
  #limits(): ClaimLimits {
    const places = new Map<string, number>();
    for (const task of this.#atWork)
      if (OWN_QUEUES.has(roomOf(task))) places.set(task.queue, this.#placesFor(task));
    const without = [...places].filter(([, left]) => left <= 0).map(([queue]) => queue);
    const others = [...places.values()].filter((left) => left > 0);
    return { without, each: Math.min(CLAIM_EACH, ...others) };
  }

  #placesFor(task: ClaimedTask): number {
    const room = roomOf(task);
    const inside = [...this.#atWork].filter((one) => roomOf(one) === room);
    const ofSameQueue = inside.filter((one) => one.queue === task.queue);
    return Math.min(ROOMS[room] - inside.length, ROOMS[room] / 2 - ofSameQueue.length);
  }

  #begin(task: ClaimedTask): void {
    const stop = new AbortController();
    const wait = backOff(this.#options.system, task.attempt, FIRST_RETRY, LAST_RETRY);
    const work = this.#placesFor(task) > 0 ? this.#do(task, stop) : this.#putBack(task, wait, 'no room');
    const done = work
      .catch((error: unknown) => this.#options.log.error({ err: error, task: task.key }, 'task lost its way'))
      .finally(() => {
        this.#running.delete(task.key);
        if (roomOf(task) === 'intake') this.cameIn();
        else this.wake();
      });
    this.#running.set(task.key, { task, stop, done });
  }

  async #do(task: ClaimedTask, stop: AbortController): Promise<void> {
    const { handler, system, log } = this.#options;
    const how = handler(task.kind);
    if (how === undefined) {
      log.error({ task: task.key, kind: task.kind }, 'a task of a kind that this version does not know');
      return this.#putBack(task, LAST_RETRY, `unknown kind ${task.kind}`);
    }
    this.#atWork.add(task);
    const deadline = instant(Math.max(how.deadline(task), after(this.#begun, FIRST_CHANCE)));
    try {
      const conclusion = await this.#within(deadline, stop, () => how.run(task, stop.signal));
      await this.#conclude(task, conclusion);
    } catch (error) {
      if (error instanceof Cancelled) return this.#leave(task);
      const wait = backOff(system, task.attempt, FIRST_RETRY, LAST_RETRY);
      const over = after(system.now(), wait) >= deadline;
      log.warn(
        { err: error, task: task.key, attempt: task.attempt, final: over || isFinal(error) },
        'task failed',
      );
      if (over || isFinal(error)) await this.#conclude(task, how.giveUp(task, messageOf(error)));
      else {
        await this.#putBack(task, wait, messageOf(error));
        this.#note(task, messageOf(error), wait);
      }
    }
  }

  #note(task: ClaimedTask, why: string, wait: Duration): void {
    if (task.attempt < TOLD_FROM_ATTEMPT || roomOf(task) === 'messages') return;
    const until = after(after(this.#options.system.now(), wait), TOLD_FOR);
    this.#failing.set(task.key, { why, until });
  }

  /** The work, or whatever ends it first: its deadline or its cancellation. Work that heeds neither is left alone. */
  async #within<Value>(deadline: Instant, stop: AbortController, work: () => Promise<Value>): Promise<Value> {
    const { system } = this.#options;
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    stop.signal.addEventListener('abort', () => reject(stop.signal.reason as Error), { once: true });
    const rest = elapsed(system.now(), deadline);
    const timeOver = () => stop.abort(new SpillwayError('timeout', 'not done when its time was over'));
    if (rest <= 0) timeOver();
    const callOff = system.after(milliseconds(Math.max(rest, 0)), timeOver);
    try {
      return await Promise.race([stopped, ...(stop.signal.aborted ? [] : [work()])]);
    } finally {
      callOff();
    }
  }

  /** What was done must not be forgotten because the store was busy: told again until it is durable. */
  async #conclude(task: ClaimedTask, conclusion: Conclusion): Promise<void> {
    const { system, log } = this.#options;
    this.#leave(task);
    this.#failing.delete(task.key);
    for (let attempt = 1; ; attempt++) {
      try {
        await conclusion({ key: task.key, fence: task.fence });
        return this.#leave(task);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        this.#atWork.add(task);
        log.error({ err: error, task: task.key }, 'an outcome could not be recorded; trying again');
        await system.sleep(backOff(system, attempt, FIRST_RETRY, LAST_RETRY), this.#stopping.signal);
      }
    }
  }

  /** What was left for want of room can be asked for now. */
  #leave(task: ClaimedTask): void {
    if (this.#atWork.delete(task) && this.#more) this.wake();
  }

  async #putBack(task: ClaimedTask, wait: Duration, why: string): Promise<void> {
    const { store, system } = this.#options;
    await this.#conclude(task, ({ key, fence }) => store.retry(key, fence, after(system.now(), wait), why));
  }
}

/** The task is called off, or the server stops: nothing is to be recorded. */
class Cancelled extends Error {}

function roomOf({ kind }: ClaimedTask): Room {
  if (kind === NOTIFY_TASK || kind === REVIEW_TASK) return 'messages';
  if (kind === INBOX_TASK) return 'intake';
  return kind === 'build' || kind === 'gate' ? 'workshop' : 'rollouts';
}
