import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { applicationName, environmentName } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import { actorOf } from './actor.ts';
import { answerCommand } from './commands.ts';
import * as input from './input.ts';
import type { Door } from './options.ts';

const body = z.strictObject({
  application: input.name,
  environment: input.name,
  /** A version, or a revision's digest or the start of it; without it, what carried the traffic before. */
  to: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/+ ()-]{0,199}$/, 'must be a version or a digest')
    .optional(),
  emergency: z.boolean().default(false),
  reason: input.line,
});

export function rollbackRoutes(app: FastifyInstance, controlPlane: ControlPlane, door: Door): void {
  app.post('/rollbacks', async (request, reply) => {
    const actor = actorOf(request, door);
    const { application, environment, to, emergency, reason } = input.parse(body, request.body);
    const lane = { application: applicationName(application), environment: environmentName(environment) };
    const key = input.parse(input.id.optional(), request.headers['idempotency-key']) ?? randomUUID();
    const event = `rollback-${key}`;
    const result = await controlPlane.rollback({ lane, to: to ?? null, emergency, reason, actor, event });
    return answerCommand(reply, result);
  });
}
