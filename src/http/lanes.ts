import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Deployment } from '../core/deployment.ts';
import { SpillwayError } from '../core/errors.ts';
import { applicationName, environmentName, type LaneId } from '../core/ids.ts';
import { labelOf } from '../core/release.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import { standingOf } from '../views/judge/answer.ts';
import { summaryOf, versionOf } from '../views/summary.ts';
import { utc } from '../views/words.ts';
import { actorOf } from './actor.ts';
import { answerCommand } from './commands.ts';
import * as input from './input.ts';
import type { Door } from './options.ts';

const params = z.object({ application: input.name, environment: input.name });
const verdictQuery = z.strictObject({ version: input.reference.optional() });
/** A version that was deployed before so many others is not looked for. */
const RECENT = 200;
const unlockBody = z.strictObject({ reason: input.line });

export function laneRoutes(app: FastifyInstance, controlPlane: ControlPlane, door: Door): void {
  app.get('/lanes', async () => {
    const ids = await controlPlane.store.lanes();
    return { items: await Promise.all(ids.map((id) => overview(controlPlane, id))), next: null };
  });

  app.get('/lanes/:application/:environment', async (request) => {
    const lane = await controlPlane.lane(await knownLane(controlPlane, request));
    const live = await Promise.all(lane.deployments.map(({ id }) => controlPlane.live(id)));
    return { lane, live: live.filter((one) => one !== undefined) };
  });

  app.get('/lanes/:application/:environment/traffic', async (request) => ({
    traffic: controlPlane.presentTraffic(await knownLane(controlPlane, request)),
  }));

  app.get('/lanes/:application/:environment/verdict', async (request) => {
    const { version } = input.parse(verdictQuery, request.query);
    const deployment = await newestOf(controlPlane, await knownLane(controlPlane, request), version);
    const { id, version: found, state } = summaryOf(deployment);
    const live = await controlPlane.live(deployment.id);
    const standing = standingOf(deployment, live?.assessment ?? null);
    return { ...standing, deployment: id, version: found, state };
  });

  app.post('/lanes/:application/:environment/unlock', async (request, reply) => {
    const actor = actorOf(request, door);
    const { reason } = input.parse(unlockBody, request.body);
    const lane = await knownLane(controlPlane, request);
    return answerCommand(reply, await controlPlane.command({ type: 'unlock', reason }, lane, actor));
  });
}

/** The newest deployment of a version, or of all. @throws SpillwayError `not_found` */
async function newestOf(
  { store }: ControlPlane,
  lane: LaneId,
  version: string | undefined,
): Promise<Deployment> {
  const recent = await store.deployments({ lane, limit: version === undefined ? 1 : RECENT });
  const found = recent.find((deployment) => version === undefined || versionOf(deployment) === version);
  if (found !== undefined) return found;
  throw new SpillwayError(
    'not_found',
    `${version ?? 'nothing'} was not deployed to ${lane.application}/${lane.environment}`,
    { where: 'version', hint: 'See what was: spillway get deployments' },
  );
}

async function overview(controlPlane: ControlPlane, id: LaneId) {
  const { environment, deployments } = await controlPlane.lane(id);
  const { serving, fallback, locked } = environment;
  return {
    ...id,
    serving: serving && labelOf(serving),
    fallback: fallback && labelOf(fallback),
    locked: locked && { since: utc(locked.since), reason: locked.reason },
    deployments: deployments.map(summaryOf),
  };
}

/** @throws SpillwayError `not_found`, naming the lanes there are */
async function knownLane({ store }: ControlPlane, request: FastifyRequest): Promise<LaneId> {
  const { application, environment } = input.parse(params, request.params);
  const lanes = await store.lanes();
  if (lanes.some((lane) => lane.application === application && lane.environment === environment))
    return { application: applicationName(application), environment: environmentName(environment) };
  const known = lanes.map((lane) => `${lane.application}/${lane.environment}`);
  throw new SpillwayError('not_found', `nothing was ever deployed to ${application}/${environment}`, {
    where: 'path',
    hint: known.length === 0 ? 'Deploy first: spillway deploy' : `There are: ${known.join(', ')}.`,
  });
}
