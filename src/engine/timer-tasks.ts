import { SpillwayError } from '../core/errors.ts';
import { after, hours, instant } from '../core/time.ts';
import type { System } from '../ports/system.ts';
import type { Lanes } from './lanes.ts';
import type { Conclusion, TaskHandler } from './task-handler.ts';
import { effectOf } from './tasks.ts';

/**
 * Timers that are due come back to the core as inputs; what they mean is in the state.
 * @param looked until then they wait: what fell due while no server ran is decided on what is seen now, not on what was
 *   seen before
 */
export function timerTasks(system: System, lanes: Lanes, looked: () => Promise<void>): TaskHandler {
  const ring = (task: Parameters<TaskHandler['giveUp']>[0]): Conclusion => {
    const effect = effectOf(task);
    const { lane } = task;
    if (effect.kind !== 'timer' || lane === null)
      throw new SpillwayError('corrupt', `${task.key} is no timer`);
    const { deployment, timer } = effect;
    return (completes) => {
      // It was due when it was claimed: a clock that was set back since must not make nothing of it, for it rings once.
      const at = instant(Math.max(system.now(), effect.at));
      return lanes.submit(lane, { at, actor: 'spillway', type: 'timer', deployment, timer }, completes);
    };
  };
  return {
    deadline: () => after(system.now(), hours(1)),
    async run(task) {
      await looked();
      return ring(task);
    },
    giveUp: ring,
  };
}
