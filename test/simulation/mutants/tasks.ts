import type { Effect } from '../../../src/core/effects.ts';
import type { NewTask } from '../../../src/ports/store.ts';
import type { StampedAppend } from '../../../src/store/sqlite/operations.ts';
import type { Run } from '../store/sim-store.ts';
import type { Mutant } from './mutant.ts';

/** The same call with other tasks or cancellations. */
const appending =
  (change: (append: StampedAppend) => StampedAppend) =>
  (run: Run): Run =>
  (method, args) =>
    run(method, method === 'append' ? [change(args[0] as StampedAppend)] : args);

const timerOf = ({ payload }: NewTask) => (payload as Partial<Extract<Effect, { kind: 'timer' }>>).timer;

/** Bugs in the outbox: tasks, timers, fences. */
export const OF_THE_TASKS: readonly Mutant[] = [
  {
    name: 'timer lost',
    does: 'loses the timer of a rollback attempt',
    store: appending((append) => ({
      ...append,
      tasks: append.tasks.filter((task) => timerOf(task) !== 'to_zero'),
    })),
  },
  {
    name: 'deadline dropped',
    does: 'sets no deadline for the states before the rollout',
    store: appending((append) => ({
      ...append,
      tasks: append.tasks.filter(
        (task) => timerOf(task) !== 'deadline' || append.tasks.some(({ kind }) => kind === 'shift'),
      ),
    })),
  },
  {
    name: 'tasks in a second transaction',
    does: 'keeps the events, and loses the effects when it dies in between',
    store: (run) => {
      let count = 0;
      return (method, args) => {
        const append = args[0] as StampedAppend;
        const dies = method === 'append' && append.tasks.length > 0 && ++count % 7 === 0;
        return run(method, dies ? [{ ...append, tasks: [] }] : args);
      };
    },
  },
  {
    name: 'no cancel on rollback',
    does: 'lets what was under way go on when a rollback begins',
    store: appending((append) => ({
      ...append,
      cancel: append.events.some(({ event }) => event.type === 'rollback.started') ? [] : append.cancel,
    })),
  },
  {
    name: 'task key not unique',
    does: 'queues an effect under a second key as well',
    store: appending((append) => ({
      ...append,
      tasks: append.tasks.flatMap((task) =>
        task.kind === 'start' ? [task, { ...task, key: `${task.key}-again` }] : [task],
      ),
    })),
  },
  {
    name: 'retry loses the task',
    does: 'ends a task that was to be tried again',
    store: (run) => (method, args) =>
      method === 'retry' ? run('finish', [args[0], args[1]]) : run(method, args),
  },
  {
    name: 'claims never freed',
    does: 'leaves the tasks of a dead owner claimed',
    store: (run) => (method, args) => (method === 'releaseAll' ? undefined : run(method, args)),
  },
  {
    name: 'fences begin anew',
    does: 'counts fences from the start again after a crash',
    store: (run, db) => (method, args) => {
      if (method === 'releaseAll') db.exec('UPDATE fence SET last = 0');
      return run(method, args);
    },
  },
  {
    name: 'claimed twice',
    does: 'hands a task out while somebody has it',
    store: (run, db) => (method, args) => {
      if (method === 'claim')
        db.exec("UPDATE tasks SET state = 1, fence = NULL WHERE state = 2 AND kind = 'start'");
      return run(method, args);
    },
  },
];
