import type { JsonObject } from '../../core/json.ts';
import type { Store } from '../../ports/store.ts';
import { asJson } from '../tasks.ts';

/** So many of the newest events are searched. */
const LOOK_BACK = 5000;

/** Why an event led to what it led to: as it was recorded, with what has become of its deployments. */
export async function explain(
  store: Pick<Store, 'events' | 'deployments'>,
  event: string,
): Promise<JsonObject | undefined> {
  const types = ['event.matched', 'event.ignored', 'event.rejected', 'event.answered'];
  const recorded = await store.events({ types, limit: LOOK_BACK, newestFirst: true });
  const found = recorded.find(
    ({ event: one }) =>
      'details' in one && (one.details['event'] === event || one.details['delivery'] === event),
  )?.event;
  if (found === undefined || !('details' in found)) return undefined;
  const all = await store.deployments({ limit: LOOK_BACK });
  const deployments = all
    .filter(({ request }) => request.event === event)
    .map(({ id, lane, status }) =>
      asJson({ id, environment: lane.environment, state: status.state, ...reasonOf(status) }),
    );
  return { type: found.type, at: found.at, actor: found.actor, ...found.details, deployments };
}

const reasonOf = (status: object) => ('reason' in status ? { reason: status.reason } : {});
