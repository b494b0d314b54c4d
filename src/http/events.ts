import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SpillwayError } from '../core/errors.ts';
import { applicationName, environmentName } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import type { StoredEvent } from '../ports/store.ts';
import { latestSequence } from './follow.ts';
import * as input from './input.ts';
import type { HttpOptions } from './options.ts';
import { findDeployment } from './resolve.ts';

const filters = {
  application: input.name.optional(),
  environment: input.name.optional(),
  deployment: input.id.optional(),
};
const listQuery = z.strictObject({
  ...filters,
  after: input.sequence.default(0),
  newest: z.stringbool().default(false),
  limit: input.pageSize(1000),
});
const streamQuery = z.strictObject({ ...filters, after: input.sequence.optional() });

/** A line that says nothing, so that both sides notice when the other is gone. */
const HEARTBEAT_MS = 15_000;

/** Recorded events as they are kept; times are epoch milliseconds. */
export function eventRoutes(app: FastifyInstance, controlPlane: ControlPlane, options: HttpOptions): void {
  app.get('/events', async (request) => {
    const { limit, after, newest, ...wanted } = input.parse(listQuery, request.query);
    const { application, environment, deployment } = await filterOf(controlPlane, wanted);
    const items = await controlPlane.store.events({
      after,
      lane: { ...(application && { application }), ...(environment && { environment }) },
      ...(deployment && { deployment }),
      limit,
      newestFirst: newest,
    });
    const last = items.at(-1);
    return { items, next: !newest && items.length === limit && last ? last.sequence : null };
  });

  app.get('/events/stream', async (request, reply) => {
    const { after, ...wanted } = input.parse(streamQuery, request.query);
    const resumed = lastEventId(request);
    const filter = await filterOf(controlPlane, wanted);
    const from = resumed ?? after ?? (await latestSequence(controlPlane));
    reply.hijack();
    await sendEvents(controlPlane, reply.raw, from, (stored) => passes(filter, stored), options);
  });

  app.get('/events/:id/explain', async (request) => {
    const { id } = input.parse(z.object({ id: input.id }), request.params);
    const explanation = await controlPlane.explain(id);
    if (explanation) return explanation;
    throw new SpillwayError('not_found', `no event ${id} was ever received`, {
      where: 'id',
      hint: 'List them: spillway events list',
    });
  });
}

type Filter = Partial<Pick<StoredEvent, 'deployment'>> & Partial<NonNullable<StoredEvent['lane']>>;

async function filterOf(
  controlPlane: ControlPlane,
  wanted: {
    application?: string | undefined;
    environment?: string | undefined;
    deployment?: string | undefined;
  },
): Promise<Filter> {
  const { application, environment, deployment } = wanted;
  return {
    ...(application !== undefined && { application: applicationName(application) }),
    ...(environment !== undefined && { environment: environmentName(environment) }),
    ...(deployment !== undefined && { deployment: (await findDeployment(controlPlane, deployment)).id }),
  };
}

const passes = ({ application, environment, deployment }: Filter, { lane, deployment: of }: StoredEvent) =>
  (deployment === undefined || of === deployment) &&
  (application === undefined || lane?.application === application) &&
  (environment === undefined || lane?.environment === environment);

/** What a client that lost its connection has seen last. @throws InvalidInput when it is no number */
function lastEventId({ headers }: FastifyRequest): number | undefined {
  const id = headers['last-event-id'];
  if (id === undefined) return undefined;
  return input.parse(z.object({ 'last-event-id': input.sequence }), { 'last-event-id': id })['last-event-id'];
}

/** Sends server-sent events until the client leaves or the server closes; a slow client is waited for. */
async function sendEvents(
  controlPlane: ControlPlane,
  response: ServerResponse,
  after: number,
  wanted: (stored: StoredEvent) => boolean,
  { onError }: HttpOptions,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write('retry: 1000\n\n');
  const beat = setInterval(() => void (response.writableNeedDrain || response.write(':\n\n')), HEARTBEAT_MS);
  try {
    for await (const stored of controlPlane.subscribe(after, gone.signal))
      if (wanted(stored) && !response.write(frameOf(stored)))
        await once(response, 'drain', { signal: gone.signal });
  } catch (error) {
    if (!gone.signal.aborted) onError(error, 'GET /api/v1/events/stream');
  } finally {
    clearInterval(beat);
    response.end();
  }
}

const frameOf = (stored: StoredEvent): string =>
  `id: ${stored.sequence}\nevent: ${stored.event.type}\ndata: ${JSON.stringify(stored)}\n\n`;
