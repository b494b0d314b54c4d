import { isTerminal } from '../../src/core/deployment.ts';
import { routeOf } from '../../src/core/ids.ts';
import { ALL } from '../../src/core/weights.ts';
import type { Lane } from '../../src/core/lane.ts';
import type { Watched } from './invariants/invariant.ts';
import { sameShares, sharesOf } from './invariants/shares.ts';

/** What has not come to rest, in words; none when everything has. */
export function unsettled({ chronicle, db, traffic, target }: Watched): readonly string[] {
  const live = chronicle.lanes.flatMap(({ deployments }) =>
    deployments
      .filter(({ status }) => !isTerminal(status.state))
      .map(({ id, status }) => `${id} is still ${status.state}`),
  );
  if (live.length > 0) return live;
  const tasks = db
    .prepare<[], { key: string; state: number }>('SELECT key, state FROM tasks')
    .all()
    .map(({ key, state }) => `the task ${key} is still ${state === 2 ? 'claimed' : 'queued'}`);
  if (tasks.length > 0) return tasks;
  return chronicle.lanes.flatMap((lane) => lanesRest(lane, { traffic, target }));
}

/** Where a lane's traffic and instances differ from what its record says. */
function lanesRest(lane: Lane, { traffic, target }: Pick<Watched, 'traffic' | 'target'>): readonly string[] {
  const route = routeOf(lane.id);
  const { serving } = lane.environment;
  // A way back that has failed altogether is a person's: the environment is locked, and everybody was told.
  if (lane.deployments.some(({ status }) => status.state === 'failed' && status.rolledBack === false))
    return [];
  const found: string[] = [];
  const shares = sharesOf(traffic.routing(route)?.arms ?? []);
  const said = new Map(serving === null ? [] : [[serving.digest, ALL]]);
  if (!sameShares(shares, said))
    found.push(`${route} carries ${JSON.stringify([...shares])}, by its record ${JSON.stringify([...said])}`);
  const running = target.running(route);
  const most = serving?.runtime.instances ?? 0;
  if (running.length > most) found.push(`${route} has ${running.length} instances, and needs ${most}`);
  for (const { id, revision, role } of running)
    if (revision !== serving?.digest || role === 'baseline') found.push(`${id} of ${route} was left running`);
  return found;
}
