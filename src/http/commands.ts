import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { SpillwayError } from '../core/errors.ts';
import type { DeploymentId } from '../core/ids.ts';
import type { CommandResult, ControlPlane, PersonalCommand } from '../engine/control-plane.ts';
import { summaryOf } from '../views/summary.ts';
import { actorOf } from './actor.ts';
import * as input from './input.ts';
import type { Door } from './options.ts';
import { deploymentIn } from './resolve.ts';

const reasonBody = z.strictObject({ reason: input.line.optional() }).prefault({});
const promoteBody = z.strictObject({ full: z.boolean().default(false) }).prefault({});
const noBody = z.strictObject({}).prefault({});

type MakeCommand = (body: unknown, deployment: DeploymentId) => PersonalCommand;

/** What a person may do to a deployment: `POST /deployments/<id>/<verb>`. */
const VERBS: Readonly<Record<string, MakeCommand>> = {
  pause: (body, deployment) => ({ type: 'pause', deployment, reason: reasonIn(body, 'paused by hand') }),
  resume: (body, deployment) => ({ type: 'resume', deployment, ...input.parse(noBody, body) }),
  promote: (body, deployment) => ({ type: 'promote', deployment, ...input.parse(promoteBody, body) }),
  abort: (body, deployment) => ({ type: 'abort', deployment, reason: reasonIn(body, 'aborted by hand') }),
  cancel: (body, deployment) => ({ type: 'cancel', deployment, reason: reasonIn(body, 'cancelled by hand') }),
};

const reasonIn = (body: unknown, otherwise: string): string =>
  input.parse(reasonBody, body).reason ?? otherwise;

export function commandRoutes(app: FastifyInstance, controlPlane: ControlPlane, door: Door): void {
  for (const [verb, makeCommand] of Object.entries(VERBS))
    app.post(`/deployments/:id/${verb}`, async (request: FastifyRequest, reply) => {
      const actor = actorOf(request, door);
      const { id, lane } = await deploymentIn(controlPlane, request);
      const command = makeCommand(request.body ?? undefined, id);
      return answerCommand(reply, await controlPlane.command(command, lane, actor));
    });
}

/** @throws SpillwayError with the reason for which the command was not obeyed */
export function answerCommand(reply: FastifyReply, result: CommandResult): FastifyReply {
  if (!result.ok) throw new SpillwayError(result.code, result.reason);
  return reply
    .code(202)
    .send({ deployment: result.deployment === null ? null : summaryOf(result.deployment) });
}
