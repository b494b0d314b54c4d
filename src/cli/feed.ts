import type { LaneEvent } from '../core/events.ts';
import type { Lane } from '../core/lane.ts';
import type { Deployment } from '../core/deployment.ts';
import { SpillwayError } from '../core/errors.ts';
import { instant } from '../core/time.ts';
import type { LiveStatus } from '../engine/control-plane.ts';
import type { StoredEvent } from '../ports/store.ts';
import { isLaneEvent } from '../views/sentence.ts';
import type { DeploymentSummary } from '../views/summary.ts';
import { deploymentTree, laneTree, type DeploymentTree, type LaneTree } from '../views/tree.ts';
import type { Client } from './client.ts';

const PAGE = 1000;
const RECONNECT_MS = 1000;

/** Every event of a deployment so far, oldest first. */
export async function eventsOf(client: Client, deployment: string): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: { readonly items: readonly StoredEvent[]; readonly next: number | null } = await client.get(
      '/api/v1/events',
      { deployment, after, limit: PAGE },
    );
    events.push(...page.items);
    after = page.next;
  }
  return events;
}

/** Events of a deployment from `after` on as they happen, over any number of lost connections. */
export async function* newEvents(
  client: Client,
  deployment: string,
  after: number,
  signal: AbortSignal,
): AsyncIterable<StoredEvent> {
  let seen = after;
  while (!signal.aborted) {
    try {
      const headers = { 'last-event-id': String(seen) };
      const answer = await client.stream('/api/v1/events/stream', { deployment }, headers);
      signal.addEventListener('abort', () => answer.destroy(), { once: true });
      for await (const data of dataLines(answer)) {
        const stored = JSON.parse(data) as StoredEvent;
        seen = stored.sequence;
        yield stored;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof SpillwayError && error.code !== 'unavailable') throw error;
    }
    await pause(RECONNECT_MS, signal);
  }
}

/** The `data` fields of a stream of server-sent events; each is one line. */
async function* dataLines(stream: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data: ')) yield line.slice('data: '.length);
  }
}

export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => resolve(clearTimeout(timer)), { once: true });
    if (signal.aborted) resolve(clearTimeout(timer));
  });

/** The answer of `GET /deployments/<id>`. */
export type DeploymentAnswer = DeploymentSummary & {
  readonly deployment: Deployment;
  readonly live: LiveStatus | null;
};

/** A deployment as it stands, by itself and in its lane. */
export async function loadTree(
  client: Client,
  id: string,
  events: readonly StoredEvent[],
  now: number,
): Promise<{ readonly summary: DeploymentSummary; readonly tree: DeploymentTree; readonly lane: LaneTree }> {
  const { deployment, live, ...summary } = await client.get<DeploymentAnswer>(`/api/v1/deployments/${id}`);
  const path = `/api/v1/lanes/${summary.application}/${summary.environment}`;
  const { lane } = await client.get<{ readonly lane: Lane }>(path);
  const own = { events: laneEvents(events), assessment: live?.assessment ?? null };
  const tree = deploymentTree(deployment, own, instant(now));
  const bare = laneTree({ ...lane, deployments: [] }, new Map(), instant(now));
  return { summary, tree, lane: { ...bare, deployments: [tree] } };
}

const laneEvents = (events: readonly StoredEvent[]): readonly LaneEvent[] =>
  events.flatMap(({ event }) => (isLaneEvent(event) ? [event] : []));

/** Whether an error only says that the server is away for now. */
export const isAway = (error: unknown): boolean =>
  error instanceof SpillwayError && error.code === 'unavailable';
