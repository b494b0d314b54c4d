import type { Instant } from '../core/time.ts';
import type { ClaimedTask } from '../ports/store.ts';
import type { TaskRef } from './lanes.ts';

/** Makes what a task came to durable and ends the task with it; repeated until it has succeeded. */
export type Conclusion = (completes: TaskRef) => Promise<unknown>;

/** How the tasks of one kind are done. The runner does the waiting, the repeating and the giving up. */
export interface TaskHandler {
  /** After this the runner gives up; what is under way is left alone. */
  deadline(task: ClaimedTask): Instant;
  /** Does the work. What it throws is tried again, unless trying again cannot help (see `isFinal`). */
  run(task: ClaimedTask, signal: AbortSignal): Promise<Conclusion>;
  /** The conclusion when the work could not be done. */
  giveUp(task: ClaimedTask, reason: string): Conclusion;
}
