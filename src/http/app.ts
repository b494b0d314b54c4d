import { fastify, type FastifyInstance } from 'fastify';
import type { ControlPlane } from '../engine/control-plane.ts';
import { auditRoutes } from './audit.ts';
import { commandRoutes } from './commands.ts';
import { deploymentRoutes } from './deployments.ts';
import { eventRoutes } from './events.ts';
import { refuseStrangers } from './guard.ts';
import { healthRoutes } from './health.ts';
import { hookRoutes } from './hooks.ts';
import { judgeRoutes } from './judge.ts';
import { laneRoutes } from './lanes.ts';
import { API_BODY_BYTES, type Door, type HttpOptions } from './options.ts';
import { answerWithProblems } from './problem.ts';
import { rollbackRoutes } from './rollbacks.ts';
import { telemetryRoutes } from './telemetry.ts';

/** A client has this long to send its whole request. */
const REQUEST_MS = 30_000;

/** All routes behind one door. */
export async function createApp(
  controlPlane: ControlPlane,
  options: HttpOptions,
  door: Door,
): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: API_BODY_BYTES,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  });
  app.removeContentTypeParser('text/plain');
  answerWithProblems(app, options);
  await app.register((scope, _options, done) => {
    healthRoutes(scope, controlPlane, options);
    done();
  });
  await hookRoutes(app, controlPlane, options, door);
  await telemetryRoutes(app, options, door);
  if (door !== 'outside')
    await app.register(
      (api, _options, done) => {
        if (door === 'loopback') api.addHook('onRequest', async (request) => refuseStrangers(request));
        deploymentRoutes(api, controlPlane, options, door);
        judgeRoutes(api, controlPlane);
        commandRoutes(api, controlPlane, door);
        rollbackRoutes(api, controlPlane, door);
        laneRoutes(api, controlPlane, door);
        eventRoutes(api, controlPlane, options);
        auditRoutes(api, controlPlane, options);
        done();
      },
      { prefix: '/api/v1' },
    );
  return app;
}
