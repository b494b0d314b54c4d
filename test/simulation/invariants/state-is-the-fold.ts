import { isDeepStrictEqual } from 'node:util';
import type { Deployment } from '../../../src/core/deployment.ts';
import { routeOf } from '../../../src/core/ids.ts';
import type { Environment } from '../../../src/core/lane.ts';
import type { Invariant } from './invariant.ts';

export const stateIsTheFold: Invariant = {
  name: 'state is the fold',
  says: 'The same events in the same order give the same state: it is the fold of the events and of nothing else.',
  watch: ({ chronicle, db, violated }) => {
    const lanes = db.prepare<[], { application: string; environment: string; state: string }>(
      'SELECT * FROM lanes',
    );
    const deployments = db.prepare<[], { id: string; snapshot: string }>(
      'SELECT id, snapshot FROM deployments',
    );
    const same = (kept: string, folded: unknown) =>
      isDeepStrictEqual(JSON.parse(kept), JSON.parse(JSON.stringify(folded)));
    const compare = (): void => {
      for (const { application, environment, state } of lanes.all()) {
        const folded: Environment | undefined = chronicle.lane(`${application}/${environment}`)?.environment;
        if (!same(state, folded ?? null))
          violated(`${application}/${environment} is kept otherwise than it came about`);
      }
      for (const { id, snapshot } of deployments.all()) {
        const folded: Deployment | undefined = chronicle.deployment(id);
        if (!same(snapshot, folded ?? null))
          violated(`${id} is kept otherwise than it came about: ${snapshot.slice(0, 200)}`);
      }
      const known = chronicle.lanes.flatMap((lane) =>
        lane.deployments.map(({ id }) => `${routeOf(lane.id)} ${id}`),
      );
      const kept = deployments.all().length;
      if (kept !== known.length) violated(`${known.length} deployments came about, ${kept} are kept`);
    };
    return { ended: compare };
  },
};
