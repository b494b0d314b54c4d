import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Deployment } from '../core/deployment.ts';
import { applicationName, environmentName, type DeploymentId } from '../core/ids.ts';
import type { ControlPlane } from '../engine/control-plane.ts';
import type { EventQuery, StoredEvent } from '../ports/store.ts';
import { AUDIT_CATEGORIES, auditEventOf, type AuditEvent } from '../views/audit.ts';
import { utc } from '../views/words.ts';
import * as input from './input.ts';
import type { HttpOptions } from './options.ts';
import { findDeployment } from './resolve.ts';

const query = z.strictObject({
  application: input.name.optional(),
  environment: input.name.optional(),
  deployment: input.id.optional(),
  version: z.string().min(1).max(200).optional(),
  actor: z.string().min(1).max(100).optional(),
  category: z.enum(AUDIT_CATEGORIES).optional(),
  from: input.moment.optional(),
  to: input.moment.optional(),
  after: input.sequence.default(0),
  limit: input.pageSize(1000),
});
type Query = z.output<typeof query>;

/** Events are read in pieces of this size; what the store cannot filter by is filtered here. */
const PIECE = 500;
/** One request reads at most this many pieces; its cursor says where the next one goes on. */
const MOST_PIECES = 20;

export function auditRoutes(app: FastifyInstance, controlPlane: ControlPlane, { now }: HttpOptions): void {
  app.get('/audit', async (request) => queryAudit(controlPlane, input.parse(query, request.query)));

  app.get('/audit/export', (_request, reply) => {
    const day = utc(now()).slice(0, 10);
    return reply
      .type('application/jsonl')
      .header('content-disposition', `attachment; filename="spillway-audit-${day}.jsonl"`)
      .send(Readable.from(lines(controlPlane.exportAudit())));
  });
}

/** Oldest first. A page may be short, even empty, while `next` is set: there may be more. */
async function queryAudit(controlPlane: ControlPlane, wanted: Query) {
  const subjectOf = subjectReader(controlPlane);
  const stored = await storeQuery(controlPlane, wanted);
  const items: AuditEvent[] = [];
  let after = wanted.after;
  for (let piece = 0; piece < MOST_PIECES; piece++) {
    const events = await controlPlane.store.events({ ...stored, after });
    for (const event of events) {
      const audited = auditEventOf(event, await subjectOf(event));
      after = event.sequence;
      if (matches(audited, wanted)) items.push(audited);
      if (items.length === wanted.limit) return { items, next: after };
    }
    if (events.length < PIECE) return { items, next: null };
  }
  return { items, next: after };
}

async function storeQuery(controlPlane: ControlPlane, wanted: Query): Promise<EventQuery> {
  const { application, environment, deployment, actor, from, to } = wanted;
  return {
    lane: {
      ...(application !== undefined && { application: applicationName(application) }),
      ...(environment !== undefined && { environment: environmentName(environment) }),
    },
    ...(deployment !== undefined && { deployment: (await findDeployment(controlPlane, deployment)).id }),
    ...(actor !== undefined && { actor }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    limit: PIECE,
  };
}

const matches = (event: AuditEvent, { version, category }: Query): boolean =>
  (version === undefined || event.version === version) &&
  (category === undefined || event.category === category);

/** The deployment of an event, each read once. */
function subjectReader({ store }: ControlPlane): (event: StoredEvent) => Promise<Deployment | undefined> {
  const known = new Map<DeploymentId, Promise<Deployment | undefined>>();
  return async ({ deployment }) => {
    if (deployment === null) return undefined;
    const subject = known.get(deployment) ?? store.deployment(deployment);
    known.set(deployment, subject);
    return subject;
  };
}

async function* lines(entries: AsyncIterable<string>): AsyncIterable<string> {
  for await (const entry of entries) yield entry.endsWith('\n') ? entry : `${entry}\n`;
}
