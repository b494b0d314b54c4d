import { SpillwayError } from '../core/errors.ts';
import type { StoredEvent } from '../ports/store.ts';
import { tell } from '../views/sentence.ts';
import type { DeploymentSummary } from '../views/summary.ts';
import { utc } from '../views/words.ts';
import type { Context } from './context.ts';
import { eventsOf, isAway, loadTree, newEvents, pause } from './feed.ts';
import { createScreen } from './render/screen.ts';
import { blank, paintLines, span, type Line } from './render/text.ts';
import { treeLines } from './render/tree.ts';
import { TONES } from './render/why.ts';

/** How long a deployment is followed. `live`: until it carries all of the traffic, or has ended. */
export type Until = 'live' | 'ended';

const REFRESH_MS = 1000;

/**
 * Shows a deployment as it happens: a picture painted again in place on a terminal, else one line an event (with `-o json` one
 * JSON object).
 * @returns the deployment as it was seen last
 * @throws SpillwayError `timeout` when `limitMs` is over; anything when it is interrupted
 */
export async function followDeployment(
  context: Context,
  id: string,
  until: Until,
  limitMs: number,
): Promise<DeploymentSummary> {
  const { io } = context;
  const over = AbortSignal.timeout(limitMs);
  const end = new AbortController();
  const signal = AbortSignal.any([io.interrupted, over, end.signal]);
  try {
    const follow = context.live && context.options().output === 'table' ? paintPicture : writeLines;
    const summary = await follow(context, id, until, signal);
    if (!isOver(summary, until)) {
      io.interrupted.throwIfAborted();
      if (over.aborted) throw outOfTime(summary);
    }
    return summary;
  } finally {
    end.abort();
  }
}

const isOver = ({ state, ended }: DeploymentSummary, until: Until): boolean =>
  ended || (until === 'live' && state === 'monitoring');

async function paintPicture(
  context: Context,
  id: string,
  until: Until,
  signal: AbortSignal,
): Promise<DeploymentSummary> {
  const client = context.client();
  const events: StoredEvent[] = [...(await eventsOf(client, id))];
  const screen = createScreen(context.io.stdout);
  const paint = (lines: readonly Line[]) =>
    screen.paint(paintLines(lines, context.canvas.width, context.paint));
  const changed = gather(context, id, events, signal);
  let last: readonly Line[] = [];
  try {
    for (;;) {
      try {
        const { summary, lane } = await loadTree(client, id, events, context.io.now());
        last = treeLines(lane, context.canvas);
        paint(last);
        if (isOver(summary, until) || signal.aborted) return summary;
      } catch (error) {
        if (!isAway(error) || signal.aborted) throw error;
        paint([...last, blank, [span('the server is away; trying again. Traffic is not affected.', 'warn')]]);
      }
      await Promise.race([changed.next(), pause(REFRESH_MS, signal)]);
    }
  } finally {
    screen.close();
  }
}

/** Collects new events into `events`; `next` resolves when there is one. */
function gather(context: Context, id: string, events: StoredEvent[], signal: AbortSignal) {
  let wake = () => {};
  const collect = async () => {
    for await (const stored of newEvents(context.client(), id, events.at(-1)?.sequence ?? 0, signal)) {
      events.push(stored);
      wake();
    }
  };
  collect().catch(() => wake());
  return { next: () => new Promise<void>((resolve) => (wake = resolve)) };
}

async function writeLines(
  context: Context,
  id: string,
  until: Until,
  signal: AbortSignal,
): Promise<DeploymentSummary> {
  const client = context.client();
  const path = `/api/v1/deployments/${id}`;
  const asJson = context.options().output === 'json';
  const write = (stored: StoredEvent) =>
    asJson ? void context.io.stdout.write(`${JSON.stringify(stored)}\n`) : context.print(eventLine(stored));
  const past = await eventsOf(client, id);
  past.forEach(write);
  const summary = await client.get<DeploymentSummary>(path);
  if (isOver(summary, until) && past.some((stored) => ends(stored, until))) return summary;
  for await (const stored of newEvents(client, id, past.at(-1)?.sequence ?? 0, signal)) {
    write(stored);
    if (ends(stored, until)) break;
  }
  return client.get<DeploymentSummary>(path);
}

/** Whether it is the last event to wait for: the state may be ahead of the events that were seen. */
const ends = ({ event: { type } }: StoredEvent, until: Until): boolean =>
  /^deployment\.(completed|failed|rejected)$/.test(type) || (until === 'live' && type === 'deployment.live');

/** One event in one line, without those that are detail only. */
export function eventLine({ event }: StoredEvent): readonly Line[] {
  const { tone, text } = tell(event);
  if (tone === 'quiet') return [];
  return [[span(`${utc(event.at)}  `, 'dim'), span(text, TONES[tone])]];
}

const outOfTime = ({ short, state }: DeploymentSummary) =>
  new SpillwayError('timeout', `deployment ${short} is still ${state}`, {
    where: `deployment ${short}`,
    hint: `It goes on by itself. Follow it: spillway watch ${short}`,
  });
