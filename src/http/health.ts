import type { FastifyInstance } from 'fastify';
import type { ControlPlane, HealthReport } from '../engine/control-plane.ts';
import type { HttpOptions } from './options.ts';

/** `/health` for people; `live`, `ready` and `startup` for whatever starts and restarts processes. */
export function healthRoutes(
  app: FastifyInstance,
  controlPlane: ControlPlane,
  { version }: HttpOptions,
): void {
  app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'));
  app.get('/health', async (_request, reply) => {
    const report = await controlPlane.health();
    return reply.code(statusCode(report)).send({ ...report, version });
  });
  app.get('/health/live', () => ({ status: 'alive' }));
  for (const path of ['/health/ready', '/health/startup'])
    app.get(path, async (_request, reply) => {
      const report = await controlPlane.health();
      return reply.code(statusCode(report)).send({ status: report.status });
    });
}

/** A degraded server still does its work: taking it out would only make things worse. */
const statusCode = ({ status }: HealthReport): number => (status === 'unhealthy' ? 503 : 200);
