import { isActive } from '../../../src/core/deployment.ts';
import { routeOf } from '../../../src/core/ids.ts';
import type { Invariant } from './invariant.ts';

export const oneAtATime: Invariant = {
  name: 'one at a time',
  says: 'At most one deployment per application and environment is in deploying, verifying or rolling_back, and at most one in monitoring.',
  watch: ({ chronicle, violated }) => ({
    committed(commit) {
      if (commit.method !== 'append') return;
      const route = routeOf(commit.args[0].lane);
      const states = (chronicle.lane(route)?.deployments ?? []).map(({ status }) => status.state);
      const active = states.filter(isActive).length;
      const soaking = states.filter((state) => state === 'monitoring').length;
      if (active > 1) violated(`${route} has ${active} deployments under way`);
      if (soaking > 1) violated(`${route} has ${soaking} deployments that soak`);
    },
  }),
};
