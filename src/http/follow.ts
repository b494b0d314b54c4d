import type { DeploymentId } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import type { StoredEvent } from '../ports/store.ts';
import { isLaneEvent } from '../views/sentence.ts';
import { summaryOf, type DeploymentSummary } from '../views/summary.ts';

/** What an accepted event has led to so far. */
export interface Consequence {
  /** null = still being looked at. */
  readonly outcome: 'matched' | 'ignored' | 'rejected' | null;
  readonly why: string | null;
  readonly deployments: readonly DeploymentSummary[];
}

/** An event is followed this long; later, `explain` tells. */
const FOLLOW_MS = 5000;

/** The number of the newest event; 0 when there is none. */
export async function latestSequence({ store }: ControlPlane): Promise<number> {
  const [newest] = await store.events({ limit: 1, newestFirst: true });
  return newest?.sequence ?? 0;
}

/** Waits a moment until it is known what an event leads to. @param since the newest event before it was sent in */
export async function followEvent(
  controlPlane: ControlPlane,
  event: string,
  since: number,
  limitMs = FOLLOW_MS,
): Promise<Consequence> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  const made: DeploymentId[] = [];
  try {
    for await (const stored of controlPlane.subscribe(since, limit.signal)) {
      if (stored.deployment !== null && asksFor(stored, event)) made.push(stored.deployment);
      const end = endOf(stored, event);
      if (end) return { ...end, deployments: await summaries(controlPlane, made) };
    }
    return { outcome: null, why: null, deployments: await summaries(controlPlane, made) };
  } finally {
    clearTimeout(timer);
    limit.abort();
  }
}

const asksFor = ({ event }: StoredEvent, wanted: string): boolean =>
  isLaneEvent(event) && event.type === 'deployment.requested' && event.request.event === wanted;

/** What the intake has recorded of an event once it has looked at it. */
function endOf({ event }: StoredEvent, wanted: string): Omit<Consequence, 'deployments'> | undefined {
  if (isLaneEvent(event) || event.details['event'] !== wanted) return undefined;
  const { reason } = event.details;
  const [, outcome] = /^event\.(matched|ignored|rejected)$/.exec(event.type) ?? [];
  if (outcome !== 'matched' && outcome !== 'ignored' && outcome !== 'rejected') return undefined;
  return { outcome, why: typeof reason === 'string' ? reason : null };
}

async function summaries({ store }: ControlPlane, ids: readonly DeploymentId[]) {
  const found = await Promise.all(ids.map((id) => store.deployment(id)));
  return found.flatMap((deployment) => (deployment ? [summaryOf(deployment)] : []));
}
