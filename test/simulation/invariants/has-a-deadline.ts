import { isTerminal, type Deployment } from '../../../src/core/deployment.ts';
import type { Effect } from '../../../src/core/effects.ts';
import { routeOf } from '../../../src/core/ids.ts';
import type { Invariant } from './invariant.ts';

export const hasADeadline: Invariant = {
  name: 'has a deadline',
  says: 'No deployment stays in a non-terminal state for ever: each state has a timeout, and what happens then is defined.',
  watch: ({ chronicle, db, violated }) => {
    const open = db.prepare<[string], { payload: string }>(
      "SELECT payload FROM tasks WHERE deployment = ? AND kind = 'timer'",
    );
    const check = ({ id, status, due }: Deployment): void => {
      if (isTerminal(status.state)) return;
      if (due.deadline === undefined && due.pause === undefined)
        return violated(`${id} is ${status.state}, and nothing ends that`);
      const timers = open.all(id).map(({ payload }) => JSON.parse(payload) as Effect);
      const isSet = (name: string, at: number) =>
        timers.some((effect) => effect.kind === 'timer' && effect.timer === name && effect.at === at);
      for (const [name, at] of Object.entries(due))
        if (!isSet(name, at) && !isSpent(name, id))
          violated(`${id} is ${status.state}, and no timer rings for its ${name}`);
    };
    /** A minimum, a soak and a step's end may have rung already, and been waited out: their time stays in the state. */
    const isSpent = (name: string, id: string): boolean =>
      name !== 'deadline' && name !== 'pause' && name !== 'to_zero' && rung.has(`${id} ${name}`);
    const rung = new Set<string>();
    return {
      committed(commit) {
        if (commit.method === 'finish' || commit.method === 'append') {
          const task = commit.method === 'finish' ? commit.args[0] : commit.args[0].completes?.key;
          const match = /^([^/]+)\/(\w+)@/.exec(task ?? '');
          if (match !== null) rung.add(`${match[1]} ${match[2]}`);
          const touched =
            commit.method === 'append'
              ? chronicle.lane(routeOf(commit.args[0].lane))?.deployments
              : undefined;
          const one = match?.[1] === undefined ? undefined : chronicle.deployment(match[1]);
          for (const deployment of touched ?? (one === undefined ? [] : [one])) check(deployment);
        }
      },
    };
  },
};
