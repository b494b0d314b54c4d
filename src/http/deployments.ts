import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { StateName } from '../core/deployment.ts';
import { applicationName, environmentName, type LaneId } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import type { LaneEvent } from '../core/events.ts';
import { isLaneEvent } from '../views/sentence.ts';
import { summaryOf } from '../views/summary.ts';
import { whyOf } from '../views/why.ts';
import { actorOf } from './actor.ts';
import { ingestAndFollow, rawRequest } from './ingest.ts';
import * as input from './input.ts';
import type { Door, HttpOptions } from './options.ts';
import { deploymentIn, findDeployment } from './resolve.ts';

const STATES: Record<StateName, true> = {
  pending: true,
  validating: true,
  building: true,
  testing: true,
  approval: true,
  expired: true,
  approved: true,
  deploying: true,
  verifying: true,
  monitoring: true,
  rolling_back: true,
  completed: true,
  failed: true,
  rejected: true,
};

const listQuery = z.strictObject({
  application: input.name.optional(),
  environment: input.name.optional(),
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(Object.keys(STATES) as StateName[])))
    .optional(),
  limit: input.pageSize(200),
  before: input.id.optional(),
});

const manualBody = z.strictObject({
  application: input.name.optional(),
  /** May be left out where there is only one. */
  environment: input.name.optional(),
  ref: input.reference.optional(),
  version: input.reference.optional(),
  reason: input.line.optional(),
  /** Of a `workflow_dispatch` trigger. */
  inputs: z.record(input.name, z.union([z.string().max(10_000), z.number(), z.boolean()])).optional(),
});

/** The events of one deployment; there are about forty. */
const EVENTS = 5000;

export function deploymentRoutes(
  app: FastifyInstance,
  controlPlane: ControlPlane,
  options: HttpOptions,
  door: Door,
): void {
  const { store } = controlPlane;
  app.get('/deployments', async (request) => {
    const { application, environment, state, limit, before } = input.parse(listQuery, request.query);
    const found = await store.deployments({
      lane: laneFilter(application, environment),
      ...(state && { states: state }),
      ...(before !== undefined && { before: (await findDeployment(controlPlane, before)).id }),
      limit: limit + 1,
    });
    const items = found.slice(0, limit);
    return { items: items.map(summaryOf), next: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  });

  app.get('/deployments/:id', async (request) => {
    const deployment = await deploymentIn(controlPlane, request);
    return { ...summaryOf(deployment), deployment, live: (await controlPlane.live(deployment.id)) ?? null };
  });

  app.get('/deployments/:id/why', async (request) => {
    const deployment = await deploymentIn(controlPlane, request);
    const stored = await store.events({ deployment: deployment.id, limit: EVENTS });
    const events = stored.map(({ event }) => event).filter((event): event is LaneEvent => isLaneEvent(event));
    const live = await controlPlane.live(deployment.id);
    return whyOf(deployment, events, live?.assessment ?? null);
  });

  app.post('/deployments', (request, reply) => startManually(controlPlane, options, door, request, reply));
}

/** A trigger of its own, `manual`, so that what people start goes the way of every other event. */
async function startManually(
  controlPlane: ControlPlane,
  { now }: HttpOptions,
  door: Door,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const actor = actorOf(request, door);
  const wanted = input.parse(manualBody, request.body);
  const key = input.parse(input.id.optional(), request.headers['idempotency-key']);
  const headers = {
    'content-type': 'application/json',
    'user-agent': request.headers['user-agent'],
    'idempotency-key': key,
  };
  const body = Buffer.from(JSON.stringify({ ...wanted, actor }));
  return ingestAndFollow(controlPlane, request, reply, () =>
    controlPlane.ingest('manual', rawRequest(request, now(), body, headers)),
  );
}

const laneFilter = (application: string | undefined, environment: string | undefined): Partial<LaneId> => ({
  ...(application !== undefined && { application: applicationName(application) }),
  ...(environment !== undefined && { environment: environmentName(environment) }),
});
