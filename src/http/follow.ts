import type { DeploymentId } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import type { StoredEvent } from '../ports/store.ts';
import { isLaneEvent } from '../views/sentence.ts';

/** What an accepted event has led to so far. */
export interface Consequence {
  readonly deployment: DeploymentId | null;
  /** Why it led to none, where that is known already. */
  readonly why: string | null;
}

/** The number of the newest event; 0 when there is none. */
export async function latestSequence({ store }: ControlPlane): Promise<number> {
  const [newest] = await store.events({ limit: 1, newestFirst: true });
  return newest?.sequence ?? 0;
}

/** Waits until an event has led to a deployment, or been found to lead to none, for `limitMs` at most. */
export async function followEvent(
  controlPlane: ControlPlane,
  event: string,
  since: number,
  limitMs: number,
): Promise<Consequence> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    for await (const stored of controlPlane.subscribe(since, limit.signal)) {
      const consequence = consequenceOf(stored, event);
      if (consequence) return consequence;
    }
    return { deployment: null, why: null };
  } finally {
    clearTimeout(timer);
    limit.abort();
  }
}

function consequenceOf({ event, deployment }: StoredEvent, wanted: string): Consequence | undefined {
  if (isLaneEvent(event)) {
    const asked = event.type === 'deployment.requested' && event.request.event === wanted;
    return asked ? { deployment, why: null } : undefined;
  }
  const { details } = event;
  const why = details['why'] ?? details['reason'];
  const ends =
    details['event'] === wanted && /^event\.(ignored|refused|rejected|duplicate)$/.test(event.type);
  return ends ? { deployment: null, why: typeof why === 'string' ? why : event.type } : undefined;
}
