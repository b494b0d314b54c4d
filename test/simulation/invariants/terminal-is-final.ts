import { isTerminal } from '../../../src/core/deployment.ts';
import { routeOf } from '../../../src/core/ids.ts';
import type { Invariant } from './invariant.ts';

export const terminalIsFinal: Invariant = {
  name: 'terminal is final',
  says: 'A terminal state is never left.',
  watch: ({ chronicle, violated }) => {
    const ended = new Map<string, string>();
    return {
      committed(commit) {
        if (commit.method !== 'append') return;
        for (const { id, status } of chronicle.lane(routeOf(commit.args[0].lane))?.deployments ?? []) {
          const before = ended.get(id);
          const now = JSON.stringify(status);
          if (before !== undefined && before !== now) violated(`${id} was ${before} and is ${now}`);
          if (isTerminal(status.state)) ended.set(id, now);
        }
      },
    };
  },
};
