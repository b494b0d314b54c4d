import { isTerminal } from '../../../src/core/deployment.ts';
import type { Invariant } from './invariant.ts';

export const calledOff: Invariant = {
  name: 'called off',
  says: "The append that begins a rollback cancels the stream's open tasks, so that a late retry cannot draw a newer fence.",
  watch: ({ chronicle, db, violated }) => {
    const open = db.prepare<[string], { key: string }>('SELECT key FROM tasks WHERE deployment = ?');
    return {
      committed(commit) {
        if (commit.method !== 'append' || !commit.value.ok) return;
        const { events, tasks } = commit.args[0];
        const queued = new Set(tasks.map(({ key }) => key));
        const ids = new Set(events.flatMap(({ deployment }) => (deployment === null ? [] : [deployment])));
        const begins = new Set(
          events.flatMap(({ event, deployment }) => (event.type === 'rollback.started' ? [deployment] : [])),
        );
        for (const id of ids) {
          const state = chronicle.deployment(id)?.status.state;
          const over = state !== undefined && isTerminal(state);
          if (!begins.has(id) && !over) continue;
          const left = open.all(id).filter(({ key }) => !queued.has(key));
          if (left.length > 0)
            violated(`${id} is ${state}, and ${left.map(({ key }) => key).join(', ')} is still to be done`);
        }
      },
    };
  },
};
