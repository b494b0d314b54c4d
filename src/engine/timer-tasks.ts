import { SpillwayError } from '../core/errors.ts';
import { after, hours } from '../core/time.ts';
import type { System } from '../ports/system.ts';
import type { Lanes } from './lanes.ts';
import type { Conclusion, TaskHandler } from './task-handler.ts';
import { effectOf } from './tasks.ts';

/** Timers that are due come back to the core as inputs; what they mean is in the state. */
export function timerTasks(system: System, lanes: Lanes): TaskHandler {
  const ring = (task: Parameters<TaskHandler['giveUp']>[0]): Conclusion => {
    const effect = effectOf(task);
    const { lane } = task;
    if (effect.kind !== 'timer' || lane === null)
      throw new SpillwayError('corrupt', `${task.key} is no timer`);
    const { deployment, timer } = effect;
    return (completes) =>
      lanes.submit(
        lane,
        { at: system.now(), actor: 'spillway', type: 'timer', deployment, timer },
        completes,
      );
  };
  return {
    deadline: () => after(system.now(), hours(1)),
    run: async (task) => ring(task),
    giveUp: ring,
  };
}
